import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { endWrite } from "#gateway/ledger/end-write.js";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { recoverTag } from "#gateway/ledger/recover.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { describeWrite, readOpenWrites } from "#gateway/mode/open-writes.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const OLGA = {
  ...{ uid: "olga", realm: "", kind: "command", address: "machine" },
  ...{ userAgent: "", requestId: "" },
};

let ledger: StartedLedger;
let keeper: TagKeeper;
let deps: TestPushDeps;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  keeper = tagKeeper();
  deps = {
    ...pushDeps(ledger.db, keeper),
    // Of this one tag the registry never says anything, however well it is.
    upstreamDigest: () => Promise.reject(new Error("the registry answered 500")),
  };
});

/** A push whose answer was lost, and of whose tag nothing more can be told. */
async function leave(push: TagPush): Promise<void> {
  const transport = {
    send: () => Promise.reject(new Error("reset")),
    currentDigest: () => (keeper.away ? Promise.reject(new Error("500")) : keeper.digestOf(push)),
  };
  const sent = { ...transport, send: () => ((keeper.away = true), transport.send()) };
  await expect(pushTag(deps, push, sent)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  keeper.away = false;
  await pass(0);
}

/** Does as if the lease had run out, and so many seconds had passed since the push began. */
async function pass(seconds: number): Promise<void> {
  await ledger.db.query(
    `update ledger.tag set reserved_until = now() - interval '1 second',
       reserved_at = reserved_at - $1 * interval '1 second' where reservation is not null`,
    [seconds],
  );
}

const stateOf = async (push: TagPush) => (await readTagState(ledger.db, push)).kind;

describe("a push of which nobody can tell what came of it", () => {
  test("keeps its tag while that may pass, and no longer: it is ended, on record", async () => {
    const push = tagPush("a", { actor: "bob" });
    await leave(push);
    await expect(recoverTag(deps, push)).rejects.toThrow("500");
    expect(await stateOf(push)).toBe("reserved");
    await pass(deps.waiting.bounds.undecidedSeconds);
    await recoverTag(deps, push);
    expect(await stateOf(push)).toBe("free");
    expect(await ledger.audited()).toMatchObject([
      {
        action: "write.ended",
        actor: { kind: "system" },
        tag: "1.0",
        digest: push.digest,
        reason: "what came of it cannot be told: the registry answered 500",
        detail: { kind: "push", begunBy: "bob", requestId: push.reservation },
      },
    ]);
  });

  test("that was ended lets the next one write, since the tag was free before", async () => {
    const push = tagPush("a");
    await leave(push);
    await pass(deps.waiting.bounds.undecidedSeconds);
    await recoverTag(deps, push);
    const next = tagPush("b");
    const transport = {
      send: () => Promise.resolve({ status: 201 }),
      currentDigest: () => Promise.reject(new Error("500")),
    };
    await expect(pushTag(deps, next, transport)).resolves.toEqual({ verdict: { status: 201 } });
    expect(await stateOf(next)).toBe("held");
  });

  test("lets nobody write over a tag of which it is not known that it was free", async () => {
    const transport = {
      send: () => Promise.resolve({ status: 201 }),
      currentDigest: () => Promise.reject(new Error("500")),
    };
    const attempt = pushTag(deps, tagPush("b"), transport);
    await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("is named to who waits for rest, with what ends it; then nothing is waited for", async () => {
    const push = tagPush("a", { actor: "bob" });
    await leave(push);
    const open = await readOpenWrites(ledger.db);
    expect(open).toMatchObject({ reservations: 1, unanswered: 1 });
    expect(open.named.map(describeWrite)).toContainEqual(
      expect.stringMatching(/^alpha\/app:1\.0: push by bob, since .*: mode end alpha\/app:1\.0$/),
    );
    const options = { by: OLGA, reservation: randomUUID() };
    await expect(endWrite(deps, push, options)).resolves.toBe("ended");
    expect(await readOpenWrites(ledger.db)).toMatchObject({
      ...{ reservations: 0, unanswered: 0, named: [] },
    });
    expect(await stateOf(push)).toBe("free");
    expect(await ledger.audited()).toMatchObject([
      { action: "write.ended", actor: OLGA, reason: "ended by an operator" },
    ]);
    await expect(endWrite(deps, push, options)).resolves.toBe("nothing is under way");
  });

  test("is not ended while a gateway has it in hand", async () => {
    const push = tagPush("a");
    const sent = {
      ...keeper.transport(push),
      send: async () => {
        const options = { by: OLGA, reservation: randomUUID() };
        expect(await endWrite(deps, push, options)).toBe("a gateway has it in hand");
        return keeper.transport(push).send();
      },
    };
    await expect(pushTag(deps, push, sent)).resolves.toEqual({ verdict: { status: 201 } });
  });
});
