import type { Judged } from "./judged.js";
import { all, SPEED, WORDS } from "./judged-places.js";

const SQL = "gateway/src/ledger/sql";
const WITHOUT_RESERVATION =
  "a constraint of the table: a row without a reservation has a digest, and it has no end of one";
const INDEX =
  "the condition of the index that finds the rows; the others of the same clause imply it";

/** Guards in statements of the ledger that nobody can notice. */
export const IN_THE_LEDGER: readonly Judged[] = [
  ...within("lock-tag.ts", "lockTagRow", "digest is not null", WITHOUT_RESERVATION),
  ...within("reserve-held-tag.ts", "reserveHeld", "digest is not null", WITHOUT_RESERVATION),
  ...within("reserve-tag.ts", "listExpired", "reservation is not null", INDEX),
  ...within("lost-deletions.ts", "listLostDeletions", "reservation is not null", INDEX),
  ...within("tags-of-manifest.ts", "settleTogether", "reservation is not null", INDEX),
  ...all(`${SQL}/withheld-tags.ts`, INDEX, ["(missing_sightings > 0 or drift_digest is not null)"]),
  ...all(`${SQL}/listed-repositories.ts`, SPEED, ["low + BEHIND > after"]),
  ...all(`${SQL}/store-manifest.ts`, "of an empty list there is no row either", [
    "moreSubjects.length === 0",
  ]),
  ...all("gateway/src/ledger/refuse-unmatched.ts", WORDS, [
    "rule.appendOnly === true",
    "current !== null",
    'push.manifest.reading.kind === "index"',
    "current === null",
  ]),
  ...all("gateway/src/ledger/refusal-message.ts", WORDS, [
    'decision.reason === "tag-cannot-compare"',
  ]),
  ...all("gateway/src/ledger/repositories-in-view.ts", SPEED, ["step * 4", "MOST_AT_ONCE"]),
  ...all("gateway/src/ledger/giving-back.ts", "says how soon is looked again within a minute", [
    "next * 2",
    "LONGEST_PAUSE_MILLISECONDS",
  ]),
  ...all(
    "gateway/src/ledger/repository-growth.ts",
    "bounds memory: what is over is not shown in any case",
    ["forgetOld()"],
  ),
  ...all(
    "gateway/src/ledger/put-back.ts",
    "the ledger has no manifest by the digest of a blob, and the registry looks once more itself",
    ['part.kind === "blob"'],
  ),
  ...all(
    "gateway/src/ledger/resolve-tag.ts",
    "of what is left then only what was deleted can be fresh",
    ['known.kind === "deleted"'],
  ),
  ...all(`${SQL}/reserve-tag.ts`, "JSON's null is read as none", ["claim.source == null"]),
];

/** In one function of its module alone. */
function within(file: string, name: string, text: string, reason: string): Judged[] {
  return all(`${SQL}/${file}`, reason, [text]).map((judged) => ({ ...judged, within: name }));
}
