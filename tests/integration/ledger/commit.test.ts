import { describe, expect, test } from "@jest/globals";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { recoverTag } from "#gateway/ledger/recover.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { type TestLedger } from "#tests/support/ledger.js";
import { pushDeps, tagKeeper, tagPush, type TagKeeper } from "#tests/support/tag-pushes.js";
import { type TcpRelay } from "#tests/support/tcp-relay.js";
import { useFreshLedger } from "#tests/support/use-ledger.js";

let relay: TcpRelay;
let ledger: TestLedger;
let db: Database;
let keeper: TagKeeper;

useFreshLedger((fresh) => {
  ({ ledger, relay } = fresh);
  db = ledger.open({ port: relay.port });
  keeper = tagKeeper();
});

describe("a push that is committed", () => {
  test("has its tag, its manifest and its entry in the audit log", async () => {
    const push = tagPush("a");
    await pushTag(pushDeps(db, keeper), push, keeper.transport(push));
    expect((await readTagState(db, push)).kind).toBe("held");
    expect((await readManifest(db, push.repository, push.digest))?.content).toEqual(
      Buffer.from("a"),
    );
    expect(await ledger.audited()).toMatchObject([
      {
        action: "tag.pushed",
        actor: push.actor,
        repository: "alpha/app",
        tag: "1.0",
        digest: push.digest,
        reason: "stored by the registry",
        detail: { change: "new" },
      },
    ]);
  });

  test("has none of them when its entry in the audit log cannot be written, and is not acknowledged", async () => {
    await db.query("alter table audit.entry rename to entry_away");
    const push = tagPush("a");
    const deps = pushDeps(db, keeper);
    await expect(pushTag(deps, push, keeper.transport(push))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(deps.outcomes).toEqual(["undecided"]);
    expect((await readTagState(db, push)).kind).toBe("reserved");
    expect(await readManifest(db, push.repository, push.digest)).toBeNull();

    await db.query("alter table audit.entry_away rename to entry");
    await db.query("update ledger.tag set reserved_until = now() - interval '1 second'");
    await recoverTag(deps, push);
    expect(await readTagState(db, push)).toMatchObject({ kind: "held", digest: push.digest });
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("that is refused is refused only on record: without the audit log there is no answer", async () => {
    const held = tagPush("a");
    await pushTag(pushDeps(db, keeper), held, keeper.transport(held));
    await db.query("alter table audit.entry rename to entry_away");
    const other = tagPush("b");
    const refused = pushTag(pushDeps(db, keeper), other, keeper.transport(other));
    await expect(refused).rejects.not.toMatchObject({ code: "TAG_HELD" });
    expect(keeper.writes).toEqual([held.digest]);
  });

  test("is committed all the same when Postgres goes away for a moment just then", async () => {
    const push = tagPush("a");
    const transport = keeper.transport(push);
    const blinking = {
      ...transport,
      send: async () => {
        const verdict = await transport.send();
        await relay.cut();
        setTimeout(() => void relay.mend(), 700);
        return verdict;
      },
    };
    await expect(pushTag(pushDeps(db, keeper), push, blinking)).resolves.toEqual({
      verdict: { status: 201 },
    });
    expect(await readTagState(db, push)).toMatchObject({ kind: "held", digest: push.digest });
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("is on record once when the answer to its commit is lost", async () => {
    const push = tagPush("a");
    const deps = pushDeps(forgetful(db), keeper);
    await expect(pushTag(deps, push, keeper.transport(push))).resolves.toEqual({
      verdict: { status: 201 },
    });
    expect(await readTagState(db, push)).toMatchObject({ kind: "held", digest: push.digest });
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("with the content that the tag has already is no change, so it is not on record", async () => {
    for (const tag of ["1.0", "1.0-SNAPSHOT"])
      for (const actor of ["alice", "bob"]) {
        const push = tagPush("a", { tag, actor });
        await pushTag(pushDeps(db, keeper), push, keeper.transport(push));
      }
    expect(await ledger.audited()).toMatchObject([
      { tag: "1.0", actor: { uid: "alice" } },
      { tag: "1.0-SNAPSHOT", actor: { uid: "alice" } },
    ]);
  });
});

/** A database whose first answer to a commit gets lost. */
function forgetful(database: Database): Database {
  let lost = false;
  return {
    ...database,
    transaction: async (work) => {
      const result = await database.transaction(work);
      if (lost) return result;
      lost = true;
      throw new Fault("UNAVAILABLE");
    },
  };
}
