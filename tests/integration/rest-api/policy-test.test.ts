import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { forge } from "#tests/support/forge.js";
import { gate } from "#tests/support/gate.js";
import { lockWaiters } from "#tests/support/held-lock.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

const digest = (hex: string) => `sha256:${hex.repeat(64)}`;
const ALICE = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2", address: "10.1.2.3" };
const PUSHED: AuditEntry = {
  ...{ action: "tag.pushed", actor: ALICE, tag: "1.0", digest: digest("a"), reason: "stored" },
  ...{ repository: parseRepositoryName("alpha/app"), detail: { change: "new" } },
};
const REFUSED: AuditEntry = {
  ...PUSHED,
  ...{ action: "tag.refused", digest: digest("b"), reason: "tag-held" },
  detail: { rule: "immutable", held: digest("a") },
};
const CHANGED: AuditEntry = {
  ...{ action: "policy.changed", actor: SYSTEM, repository: null, tag: null, digest: null },
  ...{ reason: "these are the rules now", detail: { subject: "access policy", fingerprint: "f1" } },
};

const NOBODY_PUSHES = `rules:
  - id: frozen
    effect: deny
    actions: [push]
    repositories: ["alpha/**"]
    who: anyone
  - { id: all, effect: allow, actions: ["*"], repositories: ["**"], who: logged-in }
`;

let stack: RestStack;
beforeAll(async () => {
  stack = await startRestStack();
  await record(stack.tokenServerDb, CHANGED);
  await stack.tokenServerDb.query("select pg_sleep(0.01)");
  for (const db of [stack.tokenServerDb, stack.ledger.db]) {
    await record(db, PUSHED);
    await record(db, REFUSED);
    await record(db, { ...PUSHED, actor: { ...SYSTEM } });
    await record(db, { ...REFUSED, repository: null, tag: null, digest: null });
  }
});
afterAll(() => stack.stop());

const record = (db: Database, entry: AuditEntry) => db.transaction((tx) => recordAudit(tx, entry));
/** Puts on record that the rules in force came in another century. */
const ruleSince = (century: "19" | "20") =>
  forge(stack.tokenServerDb, (tx) =>
    tx.query(
      `update audit.entry set content = regexp_replace(content, '"at":"..', '"at":"' || $1)
       where action = 'policy.changed'`,
      [century],
    ),
  );
const ask = (path: string, body: object, token = "bob-token") =>
  stack.rest(path, { token, method: "POST", body });

interface Tested {
  readonly looked: number;
  readonly same: number;
  readonly changes: readonly object[];
  readonly unknown: readonly object[];
}

const tested = async (path: string, policy: string, more: object = {}): Promise<Tested> => {
  const answer = await ask(path, { policy, ...more });
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  return jsonOf(answer) as Tested;
};

describe("another access policy", () => {
  test("is held against what is on record, and nothing of it is put in force", async () => {
    const body = { policy: NOBODY_PUSHES, last: 10 };
    const answer = await ask("/policy/test", body);
    expectRecorded("policy.test", answer, body);
    // What was decided before this token server's rules, or within the life of a token of then, may have been by others.
    expect(jsonOf(answer)).toMatchObject({
      ...{ looked: 3, same: 0, changes: [] },
      unknown: [
        { repository: null, dependsOn: ["the repository"] },
        { action: "tag.refused", by: { uid: "alice" }, dependsOn: ["team alpha"] },
        { action: "tag.pushed", by: { uid: "alice" }, dependsOn: ["team alpha"] },
      ],
    });
  });

  test("changes nothing where it says the same", async () => {
    const policy = `rules:
  - { id: own, effect: allow, actions: [push], repositories: ["\${team}/**"], who: logged-in }
`;
    expect(await tested("/policy/test", policy)).toMatchObject({ same: 2, changes: [] });
  });

  test("is told with what it would refuse, by rules that have been in force as long as any token", async () => {
    await ruleSince("19");
    try {
      expect(await tested("/policy/test", NOBODY_PUSHES)).toMatchObject({
        ...{ same: 0, unknown: [{ dependsOn: ["the repository"] }] },
        changes: ["tag.refused", "tag.pushed"].map((action) => ({
          ...{ action, by: { uid: "alice" }, repository: "alpha/app", tag: "1.0", allow: false },
          ...{ rules: [{ rule: "frozen", at: "policy:2" }], rulesInForce: [{ rule: "own" }] },
        })),
      });
    } finally {
      await ruleSince("20");
    }
  });

  test("is looked at as far back as is asked for", async () => {
    expect((await tested("/policy/test", NOBODY_PUSHES, { last: 1 })).looked).toBe(1);
  });
});

describe("somebody's right by another access policy", () => {
  const asked = {
    ...{ action: "push", repository: "alpha/app" },
    identity: { uid: "alice", realm: "/employees", teams: ["alpha"] },
  };
  const explained = async (more: object) => {
    const answer = await ask("/explain", { ...asked, ...more });
    return [answer.status, jsonOf(answer)];
  };

  test("is told with the rule of it, and is another by the rules in force", async () => {
    expect(await explained({})).toMatchObject([200, { allow: true, rule: { id: "own" } }]);
    expect(await explained({ policy: NOBODY_PUSHES })).toMatchObject([
      200,
      { allow: false, rule: { id: "frozen", at: "policy:2" } },
    ]);
  });

  test("is tested one at a time: who asks meanwhile is told to ask again", async () => {
    const once = () => ask("/policy/test", { policy: NOBODY_PUSHES });
    const [isHeld, mayEnd] = [gate(), gate()];
    const db = stack.tokenServerDb;
    const holding = db.transaction(async (tx) => {
      await tx.query("lock table audit.entry in access exclusive mode");
      isHeld.open();
      await mayEnd.opened;
    });
    await isHeld.opened;
    const first = once();
    const isWaiting = async () => (await lockWaiters(db, "audit.entry")) === 1;
    await eventually("the first one waits", isWaiting);
    const meanwhile = await once();
    mayEnd.open();
    await holding;
    expect([(await first).status, meanwhile.status, (await once()).status]).toEqual([
      ...[200, 503, 200],
    ]);
  });

  test("is not told by what is no policy, nor to others than administrators", async () => {
    expect(await explained({ policy: "rules: [" })).toMatchObject([
      400,
      { detail: expect.stringMatching(/^policy:1: /) },
    ]);
    const answer = await ask("/explain", { ...asked, policy: NOBODY_PUSHES }, "alice-token");
    expect(answer.status).toBe(403);
  });
});

describe("other rules for tags", () => {
  test("are held against what is on record", async () => {
    const body = { policy: "rules:\n  - { id: open, effect: mutable }\n" };
    const answer = await ask("/tag-policy/test", body);
    expectRecorded("policy.test-tags", answer, body);
    expect(jsonOf(answer)).toMatchObject({
      ...{ looked: 3, same: 1, unknown: [{ dependsOn: ["what was pushed"] }] },
      changes: [
        {
          ...{ action: "tag.refused", repository: "alpha/app", tag: "1.0", allow: true },
          rules: [{ rule: "open" }],
          rulesInForce: [{ rule: "immutable" }],
        },
      ],
    });
  });
});

describe.each(["/policy/test", "/tag-policy/test"])("%s", (path) => {
  test("is for administrators alone", async () => {
    expect((await ask(path, { policy: "rules: []" }, "alice-token")).status).toBe(403);
  });

  test("says of a broken file what is wrong, and in which line", async () => {
    const policy = "rules:\n  - id: x\n    effect: perhaps\n";
    const answer = await ask(path, { policy });
    expect(answer.status).toBe(400);
    expect((jsonOf(answer) as { detail: string }).detail).toContain("policy:3: rules.0.effect");
    expect((jsonOf(await ask(path, { policy: "rules: [" })) as { detail: string }).detail).toMatch(
      /^policy:1: /,
    );
  });

  test.each([{}, { policy: 7 }, { policy: "rules: []", last: 1_001 }, { policy: "", more: 1 }])(
    "takes no other request: %j",
    async (body) => {
      expect((await ask(path, body)).status).toBe(400);
    },
  );

  test("takes a large file, and none that is larger than is said", async () => {
    const of = (bytes: number) => ask(path, { policy: `rules: # ${"x".repeat(bytes)}` });
    expect((jsonOf(await of(200_000)) as { detail: string }).detail).toContain("policy:1: ");
    expect((await of(300_000)).status).toBe(413);
  });
});
