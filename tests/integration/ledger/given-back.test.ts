import { expect, test } from "@jest/globals";
import { givingBack } from "#gateway/ledger/giving-back.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;
useLedger((started) => {
  ({ db } = started);
});

test("a reservation that the database makes after it was looked for is given back by the next look", async () => {
  const push = tagPush("a");
  let looks = 0;
  const counting: Database = {
    ...db,
    query: (async (...asked: Parameters<Database["query"]>) => {
      const answer = await db.query(...asked);
      looks += 1;
      return answer;
    }) as Database["query"],
  };
  const silent = () => Promise.reject(new Fault("UNAVAILABLE"));
  await expect(
    givingBack({ db: counting, log: pushDeps(db).log }, push, silent),
  ).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await eventually("it is looked for once", () => looks === 1, 5_000);
  await reserveTag(db, push, { leaseSeconds: 600, mutable: false });
  const isFree = async () => (await readTagState(db, push)).kind === "free";
  await eventually("it is given back", isFree, 5_000);
});

test("what was refused has reserved nothing, and is not looked for", async () => {
  const refused = new Fault("TAG_HELD");
  const never: Database = {
    ...db,
    query: () => {
      throw new Error("it is looked for");
    },
  };
  await expect(
    givingBack({ db: never, log: pushDeps(db).log }, tagPush("a"), () => Promise.reject(refused)),
  ).rejects.toBe(refused);
});
