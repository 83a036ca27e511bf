import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { fileFact, keysFact, settingsFact } from "#audit-log/facts.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { recordFact } from "#audit-log/record-fact.js";
import type { NewEvent } from "#gateway/events/event.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { DIST } from "#local/repository-root.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { AUDIT_EVENTS, type AuditEvent, type EventActor } from "#tests/documents/audit-events.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { builtInPolicy } from "#token-server/policy/watch.js";
import {
  imageManifest,
  jsonOf,
  startRestStack,
  type RestStack,
} from "../rest-api/support/stack.js";

let stack: RestStack;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const BOB = { token: "bob-token" };

beforeAll(async () => {
  const rules = compileTagPolicy([{ id: "moving", tags: ["main"], effect: "mutable" }]);
  const policy = { ...rules, fingerprint: () => "cd".repeat(32) };
  stack = await startRestStack({ policy }, { policy: builtInPolicy });
});
afterAll(() => stack.stop());

async function push(reference: string, content: string, as = "alice-token"): Promise<Answer> {
  const basic = Buffer.from(`oauth2:${as}`).toString("base64");
  const scope = encodeURIComponent("repository:alpha/app:pull,push");
  const path = `/token?service=wharfinger&scope=${scope}`;
  const headers = { Authorization: `Basic ${basic}` };
  const { token } = jsonOf(await ask(stack.gateway.url, path, { headers })) as { token: string };
  return ask(stack.gateway.url, `/v2/alpha/app/manifests/${reference}`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": MANIFEST },
    body: imageManifest(content),
  });
}

async function logIn(password: string): Promise<void> {
  const basic = Buffer.from(`oauth2:${password}`).toString("base64");
  const path = "/token?service=wharfinger&offline_token=true&client_id=docker";
  await ask(stack.gateway.url, path, { headers: { Authorization: `Basic ${basic}` } });
}

const robot = (name: string, asked: object = {}) =>
  stack.rest(`/teams/alpha/robots${name}`, { method: "POST", body: asked });
const grants = [{ repositories: "alpha/app", actions: ["pull"] }];
const mode = (name: string) => ({ mode: name, reason: "it moves", drainSeconds: 0 });

/** Runs a command as an operator does, as whoever that is. */
async function command(name: string, ...args: string[]): Promise<void> {
  const { host, port, user, password, database } = stack.ledger.config;
  const env = {
    ...{ PATH: process.env["PATH"], DB_SUBNAME: `//${host}:${port}/${database}` },
    ...{ DB_USER: user, DB_PASSWORD: password.reveal() },
  };
  const program = join(DIST, "gateway/src/commands", name, "main.js");
  await promisify(execFile)(process.execPath, [program, ...args, "--by", "olga"], { env });
}

async function waiting(): Promise<void> {
  const event: NewEvent = {
    ...{ id: randomUUID(), action: "push", repository: "alpha/app", tag: "1.0" },
    ...{ digest: digestOf(Buffer.from("x")), previousDigest: null, actor: SYSTEM },
    ...{ reason: "pushed", detail: {} },
  };
  await stack.ledger.db.transaction((tx) => enqueue(tx, event, ["webhook"]));
}

const facts = () => ({ db: stack.ledger.db, audit: recordAudit, log: SILENT });

/** Makes each of them happen, by the services or commands that do. */
const HOW: Readonly<Record<string, () => Promise<unknown>>> = {
  "a tag is pushed": () => push("1.0", "one"),
  "a mutable tag is moved by a push": async () => {
    await push("main", "one");
    await push("main", "two");
  },
  "a push is refused for the tag's sake": () => push("1.0", "other"),
  "a manifest is pushed by its digest": () => {
    const digest = digestOf(Buffer.from(imageManifest("by digest")));
    return push(digest, "by digest");
  },
  "a tag is locked": () => stack.rest("/repositories/alpha/app/tags/main/lock", { method: "PUT" }),
  "a repository is described": () =>
    stack.rest("/repositories/alpha/app/description", {
      ...{ method: "PUT", body: { description: "the application" } },
    }),
  "a repository is called official": () =>
    stack.rest("/repositories/alpha/app/flags", {
      ...{ ...BOB, method: "PUT", body: { official: true, automated: false } },
    }),
  "a request that would have changed something is refused": () => push("2.0", "x", "bob-token"),
  "a login is refused": () => logIn("wrong"),
  "a client keeps a login": () => logIn("alice-token"),
  "the owner ends kept logins": () => stack.rest("/refresh-tokens", { method: "DELETE" }),
  "a robot is made": () => robot("", { name: "ci", grants }),
  "a robot gets a new secret": () => robot("/ci/rotate"),
  "a robot is disabled": () => robot("/ci/disable"),
  "a robot is enabled": () => robot("/ci/enable"),
  "an administrator looks at what is others'": () => stack.rest("/audit?limit=1", BOB),
  "an administrator looks at what the token server has of others": () =>
    stack.rest("/teams/alpha/robots", BOB),
  "the mode is changed over REST": async () => {
    await stack.rest("/mode", { ...BOB, method: "PUT", body: mode("read-only") });
  },
  "the mode is changed by a command": () => command("mode", "normal", "--unproven"),
  "a gateway is not waited for any more": async () => {
    await stack.ledger.db.query(
      `insert into ledger.gateway (name, mode_changed_at, writes, process, seen_at)
       values ('g9:8080', now(), 1, '{}', now())`,
    );
    await command("mode", "forget", "g9:8080");
  },
  "what waits to be announced is changed over REST": async () => {
    await waiting();
    const body = { change: "discard-waiting", sink: "webhook" };
    await stack.rest("/outbox", { ...BOB, method: "POST", body });
  },
  "what waits to be announced is changed by a command": async () => {
    await waiting();
    await command("outbox", "discard", "--waiting", "--sink", "webhook");
  },
  "the access policy, rules for tags or logins are others": () => {
    const file = { path: "tags.yaml", sha256: "ab".repeat(32), content: "rules: []" };
    return recordFact(facts(), fileFact("tags", file));
  },
  "a service starts with other settings that decide": () =>
    recordFact(facts(), settingsFact("gateway", { ALLOW_DELETE: "true" })),
  "a service has other keys": () => recordFact(facts(), keysFact("gateway", [])),
};

const performed = AUDIT_EVENTS.filter(({ shownBy }) => shownBy === undefined);

async function newest(db: Queryable, action: string): Promise<(AuditEntry & { at: string })[]> {
  const { rows } = await db.query<{ entry: AuditEntry & { at: string } }>(
    "select content::json as entry from audit.entry where action = $1 order by at desc limit 20",
    [action],
  );
  return rows.map(({ entry }) => entry);
}

/** Of both databases: the token server has one of its own here. */
async function madeSince(action: string, before: readonly string[]): Promise<AuditEntry[]> {
  const found = await Promise.all([
    newest(stack.ledger.db, action),
    newest(stack.tokenServerDb, action),
  ]);
  return found.flat().filter(({ at }) => !before.includes(at));
}

describe("every event is on record as the table has it:", () => {
  test("each of the table is performed here, or shown by another test", () => {
    expect(Object.keys(HOW).sort()).toEqual(performed.map(({ event }) => event).sort());
  });

  // Some need what others before them did.
  test("one after the other", async () => {
    for (const row of performed) await expectOnRecord(row);
  });
});

async function expectOnRecord(row: AuditEvent): Promise<void> {
  const { event } = row;
  const before = (await madeSince(row.action, [])).map((entry) => (entry as { at?: string }).at);
  const known = before.flatMap((at) => (at === undefined ? [] : [at]));
  await HOW[event]?.();
  await stack.flushTallies();
  const made = await madeSince(row.action, known);
  const entry = made.find((one) => isAsTold(one, row));
  expect({ event, made: made.map((one) => formOf(one)) }).toEqual({
    event,
    made: expect.arrayContaining([entry === undefined ? told(row) : formOf(entry)]),
  });
}

const ACTOR = ["uid", "realm", "kind", "address", "userAgent", "requestId"];

function isAsTold(entry: AuditEntry, row: AuditEvent): boolean {
  const { repository, tag, digest, detail } = entry;
  const about = Object.entries({ repository, tag, digest })
    .filter(([, value]) => value !== null)
    .map(([key]) => key);
  const keys = Object.keys(detail);
  const all = [...row.detail, ...(row.perhaps ?? [])];
  return (
    about.join() === row.about.join() &&
    row.detail.every((key) => keys.includes(key)) &&
    keys.every((key) => all.includes(key)) &&
    actorOf(entry) === row.actor
  );
}

function actorOf({ actor }: AuditEntry): EventActor | "none of them" {
  const isWhole = ACTOR.every((key) => Object.hasOwn(actor, key));
  if (!isWhole) return "none of them";
  if (actor.kind === "system") return "system";
  if (actor.kind === "command" && actor.uid === "olga") return "command";
  if (actor.address === "" || actor.requestId === "") return "none of them";
  if (actor.uid === "") return "unknown";
  const { grant } = actor;
  if (grant === undefined) return "caller";
  return typeof grant.rule === "string" && /^[0-9a-f]{64}$/.test(grant.policy)
    ? "granted"
    : "none of them";
}

function formOf(entry: AuditEntry) {
  const { action, repository, tag, digest, detail } = entry;
  return { action, actor: actorOf(entry), repository, tag, digest, detail: Object.keys(detail) };
}

function told({ action, actor, about, detail }: AuditEvent) {
  return { action, actor, about, detail };
}
