import type { Judged } from "./judged.js";
import { all, SPEED, UNREACHABLE, WORDS, type JudgedPlaces } from "./judged-places.js";

const GROUPS = "a text that fits has all of its groups: it stands for the compiler";

const NO_ENTRY = "what is no entry has no chain, and its chain is one of those that there are";

const PLACES: readonly JudgedPlaces[] = [
  ["audit-log/src/archive/archive-form.ts", GROUPS, ["year === undefined", "month === undefined"]],
  [
    "audit-log/src/archive/read-archive.ts",
    NO_ENTRY,
    ["entry === undefined", "before === undefined"],
  ],
  [
    "audit-log/src/archive/remove-archived.ts",
    "verifyArchives, right before, takes no other file for a cut that is there",
    ["last.sha256 === sha256"],
  ],
  [
    "audit-log/src/archive/write-archive.ts",
    "as many are in memory at once; all of them are written",
    ["BATCH"],
  ],
  ["audit-log/src/questions/quarter.ts", GROUPS, ["year === undefined", "number === undefined"]],
  ["audit-log/src/commands/options.ts", GROUPS, ["number === undefined", "sha256 === undefined"]],
  [
    "audit-log/src/commands/question-options.ts",
    "as many words as are needed are there: it stands for the compiler",
    ["value === null"],
  ],
  [
    "audit-log/src/sql/tag-entries.ts",
    "an entry without a repository is behind no place; said for the index, which has none of them",
    ["repository is not null"],
  ],
  ["audit-log/src/verify/verify-parts.ts", WORDS, ["missing.length > 1"]],
  ["audit-log/src/verify/verify-parts.ts", SPEED, ["lacking.length > 0"]],
  ["audit-log/src/verify/verify-log.ts", UNREACHABLE, ["stray === null"]],
  [
    "audit-log/src/verify/verify-log.ts",
    "no chain at all is neither below the first nor behind the last one",
    ["chain !== null"],
  ],
  [
    "audit-log/src/verify/chain-cursor.ts",
    "the first finding stays, and nothing is told of what is read behind it",
    ["finding !== null"],
  ],
  [
    "audit-log/src/checkpointer.ts",
    "saves a lock: behind it the same is asked once more",
    ["!isDueNow(await checkpointState(deps.db), entriesIn(await readHeads(deps.db)))"],
  ],
  ["audit-log/src/changed-by.ts", GROUPS, ["who !== undefined"]],
  [
    "audit-log/src/open-records.ts",
    "beside a path that is none stands no file either",
    ['typeof path === "string"'],
  ],
  [
    "audit-log/src/questions/changes.ts",
    "no file for tags or logins can be read as an access policy",
    ["subject === FOLLOWED_FILES.access"],
  ],
  [
    "audit-log/src/questions/policy-at.ts",
    "of no file there are no rules, which is asked beside it",
    ["file === null"],
  ],
  [
    "audit-log/src/list-entries.ts",
    "the statement has asked for the same name already",
    ["(actor === null || entry.actor.uid === actor)"],
  ],
  [
    "audit-log/src/sql/entries.ts",
    "the hash finds the names by an index, the name itself tells those apart whose hashes are the same: each holds without the other",
    ["${mayBeBy(name)}", "${ACTOR} = ${name}"],
  ],
  [
    "gateway/src/ledger/remembered-tags.ts",
    "what has no revision, or no digest, is not newer, nor the same: it stands for the compiler",
    ['notice.kind === "unchanged"', 'other?.kind === "means"'],
  ],
];

/** Guards of the audit log, and of what gateways remember of the ledger, that nobody can notice. */
export const IN_THE_RECORD: readonly Judged[] = PLACES.flatMap((places) => all(...places));
