import type { Judged } from "./judged.js";
import { all, SPEED } from "./judged-places.js";

const WITHOUT_RESERVATION =
  "a constraint of the table: a row without a reservation has a digest, and it has no end of one";
const INDEX =
  "the condition of the index that finds the rows; the others of the same clause imply it";

const PLACES: readonly (readonly [file: string, within: string, text: string, reason: string])[] = [
  ["lock-tag.ts", "lockTagRow", "digest is not null", WITHOUT_RESERVATION],
  ["reserve-held-tag.ts", "reserveHeld", "digest is not null", WITHOUT_RESERVATION],
  ["reserve-tag.ts", "listExpired", "reservation is not null", INDEX],
  ["lost-deletions.ts", "listLostDeletions", "reservation is not null", INDEX],
  [
    ...(["withheld-tags.ts", "readDriftedTags"] as const),
    ...(["(missing_sightings > 0 or drift_digest is not null)", INDEX] as const),
  ],
];

const OTHERS: readonly Judged[] = [
  ...all("gateway/src/ledger/sql/listed-repositories.ts", SPEED, ["low + BEHIND > after"]),
  ...all("gateway/src/ledger/sql/store-manifest.ts", "of an empty list there is no row either", [
    "moreSubjects.length === 0",
  ]),
  ...all("gateway/src/ledger/sql/reserve-tag.ts", "JSON's null is read as none", [
    "claim.source == null",
  ]),
];

/** Guards in statements of the ledger that nobody can notice. */
export const IN_THE_LEDGER: readonly Judged[] = [
  ...PLACES.map(([file, within, text, reason]) => ({
    ...{ file: `gateway/src/ledger/sql/${file}`, within, text, reason },
  })),
  ...OTHERS,
];
