import { expect, test } from "@jest/globals";
import { CHECKPOINT_TYPE, tokenHash, type ChainHead } from "#audit-log/checkpoint.js";
import { checkpointState, insertCheckpoint } from "#audit-log/sql/checkpoints.js";
import { entriesAfter } from "#audit-log/sql/entries.js";
import { signStatement } from "#service-kit/signing/statement.js";
import { CHAIN, useAuditLog, type TestAuditLog } from "./support/audited.js";

let log: TestAuditLog;
useAuditLog((made) => {
  log = made;
});

/** Of whoever has a gateway's key: genuine, and next in number. */
async function signNext(head: ChainHead): Promise<void> {
  const { last, now } = await checkpointState(log.db);
  const [number, previous] = [(last?.number ?? 0) + 1, tokenHash(last?.token ?? "")];
  const stated = { number, at: now.toISOString(), heads: [head], previous };
  const token = signStatement(log.keys.active(), CHECKPOINT_TYPE, stated);
  await insertCheckpoint(log.db, { number, at: now, entries: head.position, token });
}

test.each([
  ["with the hash that it had there, as of a log that was given an older state back", 10],
  ["with the hash of where it stood already", 20],
])("a checkpoint by which a chain goes back is found, %s", async (_what, hashed) => {
  await log.append(10);
  await log.checkpoint();
  await log.append(10);
  await log.checkpoint();
  const [entry] = await entriesAfter(log.db, { chain: CHAIN, position: hashed - 1 }, 1);
  await signNext({ chain: CHAIN, position: 10, hash: entry?.hash.toString("hex") ?? "" });
  expect((await log.verify()).findings).toMatchObject([
    {
      ...{ chain: CHAIN, position: 11 },
      problem: "checkpoint 3 does not have this entry, checkpoint 2 does",
    },
  ]);
});
