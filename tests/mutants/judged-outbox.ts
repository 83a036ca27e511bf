import type { Judged } from "./judged.js";

const CLAIMED =
  "a claim is a random UUID of one row: the key beside it finds that row by its index, and no other row has the claim";

const STATEMENTS: readonly (readonly [file: string, within: string, texts: readonly string[]])[] = [
  ["aside.ts", "postponeAside", ["sink = $1", "repository = $2", "position = $3"]],
  ["deliver.ts", "postponeQueue", ["sink = $1", "repository = $2"]],
  ["deliver.ts", "releaseQueue", ["sink = $1", "repository = $2"]],
];

/** In statements that are about what is claimed, and about nothing else. */
export const IN_THE_OUTBOX: readonly Judged[] = STATEMENTS.flatMap(([file, within, texts]) =>
  texts.map((text) => ({
    ...{ file: `gateway/src/outbox/sql/${file}`, within },
    ...{ text, reason: CLAIMED },
  })),
);
