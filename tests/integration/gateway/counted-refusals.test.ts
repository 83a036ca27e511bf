import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { writeGate } from "#gateway/mode/write-gate.js";
import type { Action } from "#registry-protocol/scope.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import {
  startTokenAuthority,
  type TokenAuthority,
  type TokenClaims,
} from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const MANIFEST = `/v2/alpha/app/manifests/${DIGEST}`;

let ledger: StartedLedger;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let since = new Date();
const gate = writeGate();

beforeAll(async () => {
  ledger = await startLedger();
  [authority, upstream] = await Promise.all([startTokenAuthority(), startUpstream()]);
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db: ledger.db,
    writes: gate,
  });
});
beforeEach(async () => {
  gate.follow({ name: "normal", reason: "", drainSeconds: 0 } as never);
  await gateway.flushTally();
  since = new Date();
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([upstream.stop(), authority.server.stop()]);
  await ledger.stop();
});

const access = (...actions: Action[]) => [{ type: "repository", name: "alpha/app", actions }];
const REFUSED = { type: "repository", name: "alpha/app" };
const CAROL: TokenClaims = {
  ...{ subject: "carol", access: access("pull") },
  refused: [
    { ...REFUSED, action: "push", reason: "carol is not in team alpha", rule: "only-alpha" },
    { ...REFUSED, action: "pull", reason: "nobody may" },
  ],
};

async function send(method: string, target: string, claims: TokenClaims): Promise<number> {
  const headers = {
    Authorization: `Bearer ${await authority.sign(claims)}`,
    "User-Agent": "docker/28",
  };
  return (await ask(gateway.url, target, { method, headers })).status;
}

interface Entry {
  readonly repository: string | null;
  readonly actor: Record<string, string>;
  readonly reason: string;
  readonly detail: { readonly code: string; readonly count: number };
}

async function onRecord(): Promise<Entry[]> {
  await gateway.flushTally();
  const { rows } = await ledger.db.query<{ entry: Entry }>(
    "select content::json as entry from audit.entry where action = 'access.refused' and at > $1 order by at",
    [since],
  );
  return rows.map(({ entry }) => entry);
}

describe("what would have changed something and was refused", () => {
  test("is on record: who, where, why and how often", async () => {
    for (let i = 0; i < 3; i += 1)
      expect(await send("POST", "/v2/alpha/app/blobs/uploads/", CAROL)).toBe(403);
    expect(await onRecord()).toMatchObject([
      {
        repository: "alpha/app",
        actor: { uid: "carol", realm: "/employees", kind: "oauth2", userAgent: "docker/28" },
        reason: "may not push to alpha/app: carol is not in team alpha",
        detail: {
          ...{ code: "DENIED", method: "POST", route: "upload.start" },
          ...{ rule: "only-alpha", count: 3 },
        },
      },
    ]);
  });

  test("is on record when deletion is off, and while the registry is read-only", async () => {
    const alice = { access: access("pull", "push", "delete") };
    expect(await send("DELETE", MANIFEST, alice)).toBe(405);
    gate.follow({ name: "read-only", reason: "it moves", drainSeconds: 0 } as never);
    expect(await send("POST", "/v2/alpha/app/blobs/uploads/", alice)).toBe(503);
    const entries = await onRecord();
    expect(entries.map(({ actor, detail }) => [actor["uid"], detail.code]).sort()).toEqual([
      ["alice", "DELETE_DISABLED"],
      ["alice", "READ_ONLY"],
    ]);
  });

  test("is not what only reads, what is not understood, and what nobody has logged in for yet", async () => {
    const none = { ...CAROL, access: [] };
    expect(await send("GET", MANIFEST, none)).toBe(403);
    expect(await send("PUT", MANIFEST, { access: access("pull", "push") })).toBe(400);
    const answer = await ask(gateway.url, "/v2/alpha/app/blobs/uploads/", { method: "POST" });
    expect(answer.status).toBe(401);
    expect(await onRecord()).toEqual([]);
  });
});
