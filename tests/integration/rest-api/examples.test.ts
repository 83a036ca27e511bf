import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { fileFact, loginsFact, policyFact, settingsFact } from "#audit-log/facts.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { recordFact } from "#audit-log/record-fact.js";
import { insertCheckpoint } from "#audit-log/sql/checkpoints.js";
import type { NewEvent } from "#gateway/events/event.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { stopSink } from "#gateway/outbox/sql/stops.js";
import { digestOf } from "#registry-protocol/digest.js";
import { SILENT } from "#tests/support/ledger.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putImage, startRestStack, type AskedAs, type RestStack } from "./support/stack.js";

let stack: RestStack;
let rest: RestStack["rest"];

beforeAll(async () => {
  stack = await startRestStack({}, { registers: true });
  ({ rest } = stack);
  const digest = await putImage(stack.ledger, "alpha/app", "1.0", "one");
  await stack.ledger.db.query(
    `insert into ledger.scm_source
       (repository, digest, url, revision, author, status, origin, pushed_by)
     values ('alpha/app', $1, 'git:git@git.example.org:alpha/app.git', 'd3adb33f', 'alice', '', 'label', 'alice')`,
    [digest],
  );
  await stack.ledger.db.query(
    `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
     values ('alpha/app', '1.0', $1, 'c', 'bob', '/employees', 'oauth2', '192.0.2.7', 'docker/28.5.1', 3,
             '2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z')`,
    [digest],
  );
  await stack.ledger.db.query(
    `insert into ledger.pull_total (repository, tag, count, last_at)
     values ('alpha/app', '1.0', 3, '2026-11-21T12:00:00Z')`,
  );
  await audited(digest);
  for (let i = 0; i < 3; i += 1) await waitingEvent(digest);
  await stack.ledger.db.query(
    `update ledger.delivery set state = 'dead', attempts = 10, last_error = 'it answered 400', settled_at = now()
     where position = 1`,
  );
  await stack.ledger.db.query(
    "update ledger.outbox set done_position = 2, last_error = 'it answered 503'",
  );
  await stack.ledger.db.query(
    `insert into ledger.delivery_aside (sink, repository, position, due_at, attempts, last_error, refusals)
     values ('webhook', 'alpha/app', 2, now(), 3, 'it answered 422', 3)`,
  );
  await stopSink(stack.ledger.db, { name: "webhook", target: "t" }, "it answered 410");
});
afterAll(() => stack.stop());

const TAG = "/repositories/alpha/app/tags/1.0";
const ROBOTS = "/teams/alpha/robots";
const BOB = { token: "bob-token" };
const OF_PAGE = { token: null, headers: { "X-Wharfinger-Page": "active" } };
const READ_ONLY = { mode: "read-only", reason: "the storage is moved" };
const NEW_REGISTRY = {
  service: "lab.example.org",
  url: "https://lab.example.org",
  description: "for trials",
};
const LAB = `/registries/${NEW_REGISTRY.service}`;
const SERVICES = "/directory/services";
const SHOP_SERVICE = { name: "shop.example.org" };
const CHANGES = {
  changes: [
    { change: "user.set", login: "/employees/alice", primaryTeam: "alpha" },
    { change: "team.set", name: "alpha" },
    { change: "app.set", code: "shop", responsibles: ["alpha"], publications: ["alpha", "beta"] },
    { change: "privilege.given", privilege: "Pusher", holder: "alpha" },
  ],
};
const WHO_COULD = "/audit/who-could?action=push&repository=alpha/app&tag=1.0&uid=bob&team=beta";
const NOW = new Date();
const QUARTER = `${NOW.getUTCFullYear()}Q${Math.floor(NOW.getUTCMonth() / 3) + 1}`;
const NEW_ROBOT = {
  name: "deploy",
  description: "rolls out",
  grants: [{ repositories: "alpha/**", actions: ["pull"] }],
};

describe("what the document shows is what is answered", () => {
  const operations: readonly (readonly [id: string, path: string, asked: AskedAs])[] = [
    ["tags.describe", TAG, {}],
    ["tags.lock", `${TAG}/lock`, { method: "PUT" }],
    ["tags.scm-source", `${TAG}/scm-source`, {}],
    ["repositories.describe", "/repositories/alpha/app?tag=1.0", {}],
    ["pulls.list", "/repositories/alpha/app/pulls", {}],
    ["registries.create", "/registries", { ...BOB, method: "POST", body: NEW_REGISTRY }],
    ["registries.list", "/registries", BOB],
    ["registries.read", LAB, BOB],
    [
      "registries.change",
      LAB,
      { ...BOB, method: "PATCH", body: { publications: ["alpha", "beta"], restricted: true } },
    ],
    ["registries.delete", LAB, { ...BOB, method: "DELETE" }],
    ["robots.create", ROBOTS, { method: "POST", body: NEW_ROBOT }],
    ["robots.list", ROBOTS, {}],
    ["robots.rotate", `${ROBOTS}/deploy/rotate`, { method: "POST", body: { overlapHours: 24 } }],
    ["robots.disable", `${ROBOTS}/deploy/disable`, { method: "POST" }],
    ["robots.enable", `${ROBOTS}/deploy/enable`, { method: "POST" }],
    ["robots.exceeding", "/robots/exceeding", { token: "bob-token" }],
    ["directory.change", "/directory/changes", { ...BOB, method: "POST", body: CHANGES }],
    ["directory.read", "/directory", BOB],
    ["services.create", SERVICES, { method: "POST", body: { ...SHOP_SERVICE, app: "shop" } }],
    ["services.rotate", `${SERVICES}/rotate`, { method: "POST", body: SHOP_SERVICE }],
    ["services.delete", `${SERVICES}/delete`, { method: "POST", body: SHOP_SERVICE }],
    ["access.explain", "/explain?action=push&repository=alpha/app", {}],
    [
      "access.explain-for",
      "/explain",
      {
        token: "bob-token",
        method: "POST",
        body: {
          action: "push",
          repository: "alpha/app",
          identity: { uid: "carol", teams: ["beta"] },
        },
      },
    ],
    ["access.who-can", "/who-can?repository=alpha/app", BOB],
    [
      "session.begin",
      "/session",
      { ...OF_PAGE, method: "POST", body: { user: "oauth2", password: "bob-token" } },
    ],
    ["session.read", "/session", OF_PAGE],
    ["session.end", "/session", { ...OF_PAGE, method: "DELETE" }],
    ["sessions.list", "/sessions", BOB],
    ["sessions.end-all", "/sessions", { ...BOB, method: "DELETE" }],
    ["mode.change", "/mode", { ...BOB, method: "PUT", body: READ_ONLY }],
    ["mode.read", "/mode", BOB],
    ["installation.read", "/installation", BOB],
    ["audit.list", "/audit?limit=1&action=mode.changed", BOB],
    ["audit.export", "/audit/export?format=csv&action=mode.changed", BOB],
    ["audit.who-pulled", "/audit/who-pulled?image=alpha/app:1.0", BOB],
    ["audit.who-could", WHO_COULD, BOB],
    ["audit.changes", "/audit/changes", BOB],
    ["audit.report", `/audit/report?quarter=${QUARTER}`, BOB],
    ["outbox.read", "/outbox", BOB],
    ["outbox.dead", "/outbox/dead", BOB],
    [
      "outbox.change",
      "/outbox",
      { ...BOB, method: "POST", body: { change: "replay-dead", sink: "webhook" } },
    ],
  ];

  // What some answer is what others before them have changed.
  test("one after the other", async () => {
    for (const [id, path, asked] of operations)
      expectRecorded(id, await rest(path, asked), asked.body);
    await stack.nameGateway();
    expectRecorded("registries.search", await rest("/registries/search?q=app"));
    await refreshTokenOf("alice-token");
    expectRecorded("refresh-tokens.list", await rest("/refresh-tokens"));
    const asked = { method: "DELETE" };
    expectRecorded("refresh-tokens.end-all", await rest("/refresh-tokens", asked));
  });
});

test("who could is decided for somebody alone where they are named", async () => {
  const decided = async (path: string) =>
    (jsonOf(await rest(path, BOB)) as { decision: unknown }).decision;
  expect(await decided(WHO_COULD)).toMatchObject({ reason: expect.any(String) });
  expect(await decided(WHO_COULD.split("&uid=")[0] ?? "")).toBeNull();
});

/** An event for a sink that nobody delivers to. */
function waitingEvent(digest: string): Promise<void> {
  const event = {
    ...{ id: randomUUID(), action: "push", repository: "alpha/app", tag: "1.0", digest },
    ...{ previousDigest: null, actor: SYSTEM, reason: "pushed", detail: {} },
  } as NewEvent;
  return stack.ledger.db.transaction((tx) => enqueue(tx, event, ["webhook"]));
}

/** What auditors ask about: a push, robots, rules that changed, and what decided besides. */
async function audited(digest: string): Promise<void> {
  const { db } = stack.ledger;
  const alice = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };
  const entries: readonly Pick<AuditEntry, "action" | "reason" | "detail">[] = [
    { action: "tag.pushed", reason: "stored by the registry", detail: {} },
    { action: "tag.refused", reason: "tag-held", detail: { rule: "immutable" } },
    { action: "tag.drifted", reason: "the registry has another digest", detail: {} },
  ];
  for (const entry of entries)
    await db.transaction((tx) =>
      recordAudit(tx, { actor: alice, repository: "alpha/app", tag: "1.0", digest, ...entry }),
    );
  const nothing = { repository: null, tag: null, digest: null, actor: alice };
  const login = {
    login: "robot-alpha-deploy",
    team: "alpha",
    grants: [],
    expiresAt: "2027-02-26T00:00:00.000Z",
  };
  const failed = { shown: "oauth2", outcome: "refused", count: 3 };
  const collected = { blobs: 12, bytes: 34_000_000 };
  await db.transaction(async (tx) => {
    await recordAudit(tx, {
      ...{ ...nothing, action: "garbage.ended", reason: "blobs", detail: collected },
    });
    await recordAudit(tx, {
      ...nothing,
      action: "robot.created",
      reason: "member of the team",
      detail: login,
    });
    await recordAudit(tx, {
      ...nothing,
      actor: SYSTEM,
      action: "login.failed",
      reason: "refused",
      detail: failed,
    });
  });
  const rulesOf = (repositories: string) =>
    `rules:\n  - {id: own, effect: allow, actions: [push], repositories: ["${repositories}"], who: logged-in}\n`;
  for (const content of [rulesOf("alpha/**"), rulesOf("**")])
    await recordFact(
      { db, audit: recordAudit, log: SILENT },
      policyFact({
        path: "policy.yaml",
        rules: 1,
        sha256: digestOf(Buffer.from(content)).slice(7),
        content,
      }),
    );
  const facts = [
    loginsFact({ path: "logins.yaml", yaml: "teams:\n  beta: [/employees/bob]\n" }),
    fileFact("tags", { path: "built-in", sha256: "built-in", content: null }),
    settingsFact("token-server", {
      ADMIN_TEAMS: "beta",
      HTTP_TEAM_SERVICE_URL: "https://teams.example.org",
    }),
  ];
  for (const fact of facts) await recordFact({ db, audit: recordAudit, log: SILENT }, fact);
  await insertCheckpoint(db, { number: 1, at: new Date(), entries: 5, token: "a.b.c" });
}

async function refreshTokenOf(token: string): Promise<void> {
  const basic = Buffer.from(`oauth2:${token}`).toString("base64");
  const query = "service=wharfinger&offline_token=true&client_id=docker&account=alice";
  const answer = await fetch(`${stack.gateway.url}/token?${query}`, {
    headers: { Authorization: `Basic ${basic}` },
  });
  expect(answer.status).toBe(200);
}
