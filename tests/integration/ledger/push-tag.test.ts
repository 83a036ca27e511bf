import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  pushTag,
  type ManifestTransport,
  type RegistryVerdict,
  type SettledPush,
  type TagPush,
} from "#gateway/ledger/push-tag.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { adopt } from "#gateway/ledger/adopt.js";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { PushOutcome } from "#gateway/ledger/push-counts.js";
import type { FaultCode } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { EMPTY_CONFIG } from "#tests/support/manifest-texts.js";
import {
  impatientDeps,
  pushDeps,
  tagKeeper,
  tagPush,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

let ledger: StartedLedger;
let db: Database;
let deps: TestPushDeps;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});
beforeEach(() => {
  deps = pushDeps(db);
});

describe("a push of a tag", () => {
  test("is acknowledged with the registry's answer, and stands in the ledger", async () => {
    const push = tagPush("a");
    await expect(pushTag(deps, push, answering(201))).resolves.toEqual({
      verdict: { status: 201 },
    });
    expect(await stateOf(push)).toMatchObject({ kind: "held", digest: push.digest, by: "alice" });
    expect(deps.outcomes).toEqual(["stored"]);
    const [pushed] = await ledger.audited();
    expect(pushed?.detail).toStrictEqual({
      ...{ change: "new", push: push.reservation, tagRule: "immutable", tagPolicy: "built-in" },
    });
  });

  test("with the same content again is acknowledged, and keeps date and author", async () => {
    const first = tagPush("a");
    await pushTag(deps, first, answering(201));
    const before = await stateOf(first);
    const again = tagPush("a", { actor: "bob" });
    await expect(pushTag(deps, again, answering(201))).resolves.toEqual({
      verdict: { status: 201 },
    });
    expect(await stateOf(first)).toEqual(before);
    expect(deps.outcomes).toEqual(["stored", "unchanged"]);
  });

  test("with the same content again brings back a manifest that the registry has lost", async () => {
    const keeper = tagKeeper();
    const first = tagPush("a");
    await pushTag(deps, first, keeper.transport(first));
    keeper.tags.clear();
    const again = tagPush("a");
    await pushTag(deps, again, keeper.transport(again));
    expect(keeper.tags.get("alpha/app:1.0")).toBe(again.digest);
  });

  test("with the same content again does not write what the registry has", async () => {
    const keeper = tagKeeper();
    const push = tagPush("a");
    await pushTag(deps, push, keeper.transport(push));
    await expect(pushTag(deps, tagPush("a"), keeper.transport(push))).resolves.toEqual({
      verdict: null,
    });
    expect(keeper.writes).toEqual([push.digest]);
    expect(deps.outcomes).toEqual(["stored", "unchanged"]);
  });

  test.each(["found", "found-SNAPSHOT"])(
    "with the content that was found at the registry first, as %s, is on record in its author's name, once",
    async (tag) => {
      const keeper = tagKeeper();
      const found = tagPush("a", { tag });
      keeper.write(found);
      await adopt(deps, found, found.digest, "found");
      const before = await stateOf(found);
      for (const actor of ["alice", "bob"]) {
        const push = tagPush("a", { tag, actor });
        await pushTag(deps, push, keeper.transport(push));
      }
      expect(await stateOf(found)).toEqual({ ...before, by: "alice" });
      expect(await ledger.audited()).toMatchObject([
        { action: "tag.adopted", actor: { uid: "" } },
        { action: "tag.pushed", actor: { uid: "alice" }, detail: { change: "named" } },
      ]);
      const { findings } = await verifyLedger(db, () => undefined);
      expect(findings.filter((finding) => finding.tag === tag)).toEqual([]);
    },
  );

  test("with the same content again, which the registry would not have any more, names nobody", async () => {
    const found = tagPush("a");
    await adopt(deps, found, found.digest, "found");
    const outcome = await pushTag(deps, tagPush("a"), {
      send: () => Promise.resolve({ status: 400 }),
      currentDigest: () => Promise.resolve(null),
    });
    expect(outcome).toMatchObject({ verdict: { status: 400 } });
    expect(deps.outcomes).toEqual(["rejected"]);
    expect((await ledger.audited()).map(({ action }) => action)).toEqual(["tag.adopted"]);
    expect(await stateOf(found)).toMatchObject({ by: "" });
  });

  test.each([
    ["kept by the registry", true],
    ["lost by it", false],
  ])(
    "with the same content again brings back a tag that is deleted meanwhile, its manifest %s",
    async (_what, isKept) => {
      const keeper = tagKeeper();
      const first = tagPush("a");
      await pushTag(deps, first, keeper.transport(first));
      const again = tagPush("a");
      const transport = keeper.transport(again);
      let looks = 0;
      await pushTag(deps, again, {
        ...transport,
        currentDigest: async () => {
          looks += 1;
          if (looks > 1) return transport.currentDigest();
          await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
          return isKept ? again.digest : null;
        },
      });
      expect(await stateOf(first)).toMatchObject({ kind: "held", digest: first.digest });
      const changes = (await ledger.audited()).map(({ detail }) => detail["change"]);
      expect(changes).toEqual(["new", "restored"]);
    },
  );

  test("with other content is refused, says what is held by whom since when, and never reaches the registry", async () => {
    const held = tagPush("a", { actor: "alice" });
    await pushTag(deps, held, answering(201));
    const registry = recording(201);
    const fault = await faultOf(pushTag(deps, tagPush("b", { actor: "bob" }), registry));
    expect(fault.code).toBe("TAG_HELD");
    expect(fault.message).toBe("tag already exists");
    const state = await stateOf(held);
    expect(fault.detail).toEqual({
      digest: held.digest,
      pushedBy: "alice",
      pushedAt: state.kind === "held" ? state.at.toISOString() : "",
      rule: "immutable",
    });
    expect(registry.sent).toBe(0);
    expect(deps.outcomes).toEqual(["stored", "refused"]);
  });

  test("with a new index around the same images is refused with that reason", async () => {
    const index = (...digests: string[]) =>
      JSON.stringify({
        schemaVersion: 2,
        manifests: digests.map((name, i) => ({
          ...EMPTY_CONFIG,
          digest: digestOf(Buffer.from(name)),
          platform: { os: i === 0 ? "linux" : "unknown" },
        })),
      });
    await pushTag(deps, tagPush(index("image", "provenance 1")), answering(201));
    const rebuilt = tagPush(index("image", "provenance 2"));
    const fault = await faultOf(pushTag(deps, rebuilt, answering(201)));
    expect(fault.code).toBe("TAG_HELD");
    expect(fault.message).toContain("same images");
  });

  test("that is refused fits into 256 bytes, however long names are", async () => {
    const names = { tag: "t".repeat(128), repository: `a/${"b".repeat(253)}` };
    await pushTag(deps, tagPush("a", { ...names, actor: "x".repeat(255) }), answering(201));
    const { detail, message } = await faultOf(pushTag(deps, tagPush("b", names), answering(201)));
    const error = JSON.stringify({ code: "TAG_INVALID", message, detail });
    expect(Buffer.byteLength(error)).toBeLessThan(256);
  });

  test("named latest is refused and leaves no trace", async () => {
    const push = tagPush("a", { tag: "latest" });
    const registry = recording(201);
    expect((await faultOf(pushTag(deps, push, registry))).code).toBe("TAG_FORBIDDEN");
    expect(registry.sent).toBe(0);
    expect(await stateOf(push)).toEqual({ kind: "free" });
  });

  test.each([
    ["its message", { message: "releases come from CI" }, "releases come from CI"],
    ["its name where it has no message", {}, "frozen"],
  ])("that no rule lets through is told by %s", async (_what, more, told) => {
    const policy = compileTagPolicy([{ id: "frozen", effect: "forbidden", ...more }]);
    const fault = await faultOf(pushTag({ ...deps, policy }, tagPush("a"), answering(201)));
    expect([fault.code, fault.message]).toEqual([
      ...["TAG_FORBIDDEN", `tag "1.0" may not be pushed: ${told}`],
    ]);
  });

  test("that a push of another repository or tag precedes is not hindered by it", async () => {
    await pushTag(deps, tagPush("a"), answering(201));
    const others = [tagPush("b", { tag: "1.1" }), tagPush("b", { repository: "beta/app" })];
    for (const other of others)
      await expect(pushTag(deps, other, answering(201))).resolves.toBeDefined();
  });
});

describe("a mutable tag", () => {
  const tag = "1.0-SNAPSHOT";

  test("may be overwritten, which renews date and author", async () => {
    const first = tagPush("a", { tag });
    await pushTag(deps, first, answering(201));
    const before = await stateOf(first);
    const second = tagPush("b", { tag, actor: "bob" });
    await pushTag(deps, second, answering(201));
    const after = await stateOf(second);
    expect(after).toMatchObject({ kind: "held", digest: second.digest, by: "bob" });
    if (before.kind === "held" && after.kind === "held")
      expect(after.at.getTime()).toBeGreaterThan(before.at.getTime());
  });

  test("keeps date and author when the same content is pushed again", async () => {
    const first = tagPush("a", { tag });
    await pushTag(deps, first, answering(201));
    const before = await stateOf(first);
    await pushTag(deps, tagPush("a", { tag, actor: "bob" }), answering(201));
    expect(await stateOf(first)).toEqual(before);
  });

  test("keeps its meaning when the registry would not have the new content", async () => {
    const first = tagPush("a", { tag });
    await pushTag(deps, first, answering(201));
    const before = await stateOf(first);
    await pushTag(deps, tagPush("b", { tag }), answering(400));
    expect(await stateOf(first)).toEqual(before);
  });

  test("means the same in ledger and registry after any number of racing pushes", async () => {
    const keeper = tagKeeper();
    const pushes = Array.from({ length: 12 }, (_, i) => tagPush(`content ${i}`, { tag }));
    const pools = [db, ledger.open(), ledger.open()];
    await Promise.all(
      pushes.map((push, i) =>
        pushTag(pushDeps(pools[i % pools.length] ?? db), push, keeper.transport(push)),
      ),
    );
    expect(await stateOf(tagPush("x", { tag }))).toMatchObject({
      kind: "held",
      digest: keeper.tags.get(`alpha/app:${tag}`),
    });
    expect(keeper.writes).toHaveLength(12);
  });
});

describe("racing pushes of one tag through several gateways", () => {
  test("with 64 different contents: exactly one is stored, 63 are refused", async () => {
    const keeper = tagKeeper();
    const gateways = Array.from({ length: 4 }, () => pushDeps(ledger.open()));
    const pushes = Array.from({ length: 64 }, (_, i) => tagPush(`content ${i}`));
    const outcomes = await Promise.all(
      pushes.map((push, i) =>
        pushTag(gateways[i % gateways.length] ?? deps, push, keeper.transport(push)).catch(
          (error: unknown) => (error instanceof Fault ? error.code : "UNKNOWN"),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "TAG_HELD")).toHaveLength(63);
    const winner = pushes[outcomes.findIndex((outcome) => outcome !== "TAG_HELD")];
    expect(keeper.writes).toEqual([winner?.digest]);
    expect(await stateOf(tagPush("x"))).toMatchObject({ kind: "held", digest: winner?.digest });
  });

  test("with the same content: all 64 succeed, and it is stored once", async () => {
    const keeper = tagKeeper();
    const gateways = Array.from({ length: 4 }, () => pushDeps(ledger.open()));
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, i) => {
        const push = tagPush("the same");
        return pushTag(gateways[i % gateways.length] ?? deps, push, keeper.transport(push));
      }),
    );
    // All but the first hear from the ledger, not from the registry, that it is stored.
    expect(answers.filter(({ verdict }) => verdict !== null)).toEqual([
      { verdict: { status: 201 } },
    ]);
    expect(keeper.writes).toHaveLength(1);
    const outcomes = gateways.flatMap((gateway) => gateway.outcomes);
    expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "unchanged")).toHaveLength(63);
  });
});

const SAME = "same";
const OTHER = "other";
type Current = typeof SAME | typeof OTHER | null | "throws";

/** One row: what the registry says, what it then has under the tag, how the push ends, what the ledger says. */
const VERDICTS: readonly (readonly [
  answer: number | "throws",
  current: Current,
  ends: number | null | FaultCode,
  ledger: TagState["kind"],
  counted: PushOutcome,
])[] = [
  [201, null, 201, "held", "stored"],
  [200, null, 200, "held", "stored"],
  [400, SAME, 400, "free", "rejected"],
  [404, SAME, 404, "free", "rejected"],
  [413, null, 413, "free", "rejected"],
  [429, null, 429, "free", "rejected"],
  ["throws", SAME, null, "held", "stored"],
  ["throws", OTHER, "UNAVAILABLE", "free", "undecided"],
  ["throws", null, "UNAVAILABLE", "free", "undecided"],
  ["throws", "throws", "UNAVAILABLE", "reserved", "undecided"],
  [500, SAME, null, "held", "stored"],
  [500, null, "UNAVAILABLE", "free", "undecided"],
  [502, OTHER, "UNAVAILABLE", "free", "undecided"],
  [503, "throws", "UNAVAILABLE", "reserved", "undecided"],
  [504, SAME, null, "held", "stored"],
  [401, null, "UNAVAILABLE", "free", "undecided"],
  [401, SAME, null, "held", "stored"],
  [401, "throws", "UNAVAILABLE", "reserved", "undecided"],
];

describe("whatever the registry answers", () => {
  test.each(VERDICTS)(
    "%s, and then has %s under the tag: the push ends with %s, the tag is %s",
    async (answer, current, ends, state, counted) => {
      const push = tagPush("a");
      const end = await endOf(pushTag(deps, push, answering(answer, currentOf(push, current))));
      expect(end).toBe(ends);
      expect((await stateOf(push)).kind).toBe(state);
      expect(deps.outcomes).toEqual([counted]);
    },
  );

  test.each(VERDICTS)(
    "%s, and then has %s under the tag: the same push made again succeeds",
    async (answer, current) => {
      const push = tagPush("a");
      await endOf(pushTag(deps, push, answering(answer, currentOf(push, current))));
      await expireReservations();
      const end = await endOf(pushTag(deps, tagPush("a"), answering(201)));
      expect(end).toBe(201);
      expect(await stateOf(push)).toMatchObject({ kind: "held", digest: push.digest });
    },
  );

  test.each([500, 401, "throws"] as const)(
    "%s to a repeated push: it is not acknowledged, and the tag stays as it was",
    async (answer) => {
      const push = tagPush("a");
      await pushTag(deps, push, answering(201));
      const before = await stateOf(push);
      expect(await endOf(pushTag(deps, tagPush("a"), answering(answer)))).toBe("UNAVAILABLE");
      expect(await stateOf(push)).toEqual(before);
    },
  );
});

describe("a push that meets another one under way", () => {
  test("waits, and is refused once the other one holds the tag", async () => {
    const first = held201();
    const one = pushTag(deps, tagPush("a"), first.transport);
    await first.sending;
    const other = faultOf(pushTag(deps, tagPush("b"), answering(201)));
    first.answer();
    await one;
    expect((await other).code).toBe("TAG_HELD");
  });

  test("waits, and gets the tag once the other one has failed", async () => {
    const first = held201();
    const one = pushTag(deps, tagPush("a"), first.transport);
    await first.sending;
    const next = tagPush("b");
    const other = pushTag(deps, next, answering(201));
    first.fail();
    expect(await endOf(one)).toBe("UNAVAILABLE");
    await other;
    expect(await stateOf(next)).toMatchObject({ kind: "held", digest: next.digest });
  });

  test("gives up after a while without having reached the registry", async () => {
    const first = held201();
    const one = pushTag(deps, tagPush("a"), first.transport);
    await first.sending;
    const registry = recording(201);
    const fault = await faultOf(pushTag(impatientDeps(db), tagPush("b"), registry));
    expect(fault.code).toBe("UNAVAILABLE");
    expect(registry.sent).toBe(0);
    first.answer();
    await one;
  });

  test("gets the tag when the other one's gateway died and nothing of it is at the registry", async () => {
    const dead = held201();
    const late = endOf(pushTag(deps, tagPush("a"), dead.transport));
    await dead.sending;
    await expireReservations();
    const heir = tagPush("b");
    await pushTag(deps, heir, answering(201));
    dead.answer();
    expect(await late).toBe("UNAVAILABLE");
    expect(await stateOf(heir)).toMatchObject({ kind: "held", digest: heir.digest });
  });

  test("that outlived its reservation is acknowledged when the heir stored the same content", async () => {
    const slow = held201();
    const late = endOf(pushTag(deps, tagPush("a"), slow.transport));
    await slow.sending;
    await expireReservations();
    await pushTag(deps, tagPush("a"), answering(201));
    slow.answer();
    expect(await late).toBe(201);
  });
});

function stateOf(push: TagPush): Promise<TagState> {
  return readTagState(db, push);
}

/** Makes every reservation look like that of a gateway that died long ago. */
async function expireReservations(): Promise<void> {
  await db.query(
    "update ledger.tag set reserved_until = now() - interval '1 hour' where reservation is not null",
  );
}

/** The status of the registry's answer, `null` for success without one, or the fault's code. */
async function endOf(
  push: Promise<SettledPush<RegistryVerdict>>,
): Promise<number | null | FaultCode> {
  try {
    const { verdict } = await push;
    return verdict?.status ?? null;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

async function faultOf(push: Promise<unknown>): Promise<Fault> {
  const outcome = await push.catch((error: unknown) => error);
  if (outcome instanceof Fault) return outcome;
  throw new Error("the push was not refused");
}

/** A registry that has nothing under the tag until the manifest was sent to it. */
function answering(
  status: number | "throws",
  currentDigest: () => Promise<Digest | null> = () => Promise.resolve(null),
): ManifestTransport<RegistryVerdict> {
  let sent = false;
  return {
    send: () => {
      sent = true;
      return status === "throws" ? Promise.reject(new Error("reset")) : Promise.resolve({ status });
    },
    currentDigest: () => (sent ? currentDigest() : Promise.resolve(null)),
  };
}

function recording(status: number): ManifestTransport<RegistryVerdict> & { sent: number } {
  const transport = {
    ...answering(status),
    sent: 0,
    send: () => {
      transport.sent += 1;
      return Promise.resolve({ status });
    },
  };
  return transport;
}

function currentOf(push: TagPush, current: Current): () => Promise<Digest | null> {
  switch (current) {
    case SAME:
      return () => Promise.resolve(push.digest);
    case OTHER:
      return () => Promise.resolve(tagPush("somebody else's").digest);
    case null:
      return () => Promise.resolve(null);
    case "throws":
      return () => Promise.reject(new Error("reset"));
  }
}

/** A registry that answers when it is told to. */
function held201() {
  let began: () => void = () => undefined;
  let answer: () => void = () => undefined;
  let fail: () => void = () => undefined;
  const sending = new Promise<void>((resolve) => (began = resolve));
  const verdict = new Promise<RegistryVerdict>((resolve, reject) => {
    answer = () => {
      resolve({ status: 201 });
    };
    fail = () => {
      reject(new Error("reset"));
    };
  });
  const transport: ManifestTransport<RegistryVerdict> = {
    send: () => {
      began();
      return verdict;
    },
    currentDigest: () => Promise.resolve(null),
  };
  return {
    transport,
    sending,
    answer: () => {
      answer();
    },
    fail: () => {
      fail();
    },
  };
}
