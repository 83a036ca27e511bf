import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
let since = new Date();
beforeAll(async () => {
  server = await startTestTokenServer({ refreshTokensMost: { perClient: 2, perIdentity: 10 } });
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.http.delete("/api/v1/refresh-tokens").set("Authorization", "Bearer alice-token");
  await server.tally.flush();
  since = new Date();
});

async function logIn(client = "docker"): Promise<string> {
  const answer = await server.http
    .get(`/token?service=wharfinger&offline_token=true&client_id=${client}`)
    .set("User-Agent", "docker/28")
    .auth("oauth2", "alice-token");
  return (answer.body as { refresh_token: string }).refresh_token;
}

async function onRecord(...actions: string[]): Promise<AuditEntry[]> {
  await server.tally.flush();
  const { rows } = await server.db.query<{ entry: AuditEntry }>(
    `select content::json as entry from audit.entry
     where action = any($1) and at > $2 order by action, at`,
    [actions, since],
  );
  return rows.map(({ entry }) => entry);
}

const said = (entries: readonly AuditEntry[]) =>
  entries.map(({ action, actor, reason, detail }) => [action, actor.uid, reason, detail["count"]]);
const ALICE = { uid: "alice", realm: "/employees", kind: "oauth2", userAgent: "docker/28" };

describe("a login that a client keeps", () => {
  test("is on record with who, from where and by which client, however often, and never what is kept", async () => {
    const tokens = [await logIn(), await logIn()];
    const entries = await onRecord("token.created", "token.ended");
    expect(entries).toMatchObject([
      { action: "token.created", actor: ALICE, detail: { client: "docker", count: 2 } },
    ]);
    for (const token of tokens) expect(JSON.stringify(entries)).not.toContain(token);
  });

  test("is on record when it ends: by others of the same owner, and by its owner's word", async () => {
    for (let i = 0; i < 4; i += 1) await logIn();
    await server.http.delete("/api/v1/refresh-tokens").set("Authorization", "Bearer alice-token");
    expect(said(await onRecord("token.created", "token.ended"))).toEqual([
      ["token.created", "alice", "a client keeps the login", 4],
      ["token.ended", "alice", "revoked", undefined],
      ["token.ended", "alice", "pushed-out", 2],
    ]);
  });

  test("is on record when it is shown for another service, which ends it", async () => {
    const token = await logIn();
    await server.db.query("update token_server.refresh_token set service = 'other'");
    const body = `grant_type=refresh_token&service=wharfinger&client_id=docker&refresh_token=${token}`;
    const type = "application/x-www-form-urlencoded";
    const answer = await server.http.post("/token").set("Content-Type", type).send(body);
    expect(answer.status).toBe(401);
    expect(said(await onRecord("token.ended"))).toEqual([
      ["token.ended", "alice", "other-service", 1],
    ]);
  });

  test("does not end without the audit log", async () => {
    await logIn();
    await server.db.query("alter table audit.entry rename to entry_away");
    const ended = await server.http
      .delete("/api/v1/refresh-tokens")
      .set("Authorization", "Bearer alice-token");
    await server.db.query("alter table audit.entry_away rename to entry");
    expect(ended.status).toBe(503);
    const { rows } = await server.db.query(
      "select 1 from token_server.refresh_token where revoked_at is null",
    );
    expect(rows).toHaveLength(1);
  });
});

describe("what an administrator looks at that is others'", () => {
  test("is on record: another team's robots, those of all, and what others may do; their own is not", async () => {
    const ask = (path: string, token: string) =>
      server.http.get(`/api/v1${path}`).set("Authorization", `Bearer ${token}`);
    for (let i = 0; i < 3; i += 1)
      expect((await ask("/teams/alpha/robots", "bob-token")).status).toBe(200);
    expect((await ask("/teams/beta/robots", "bob-token")).status).toBe(200);
    expect((await ask("/teams/alpha/robots", "alice-token")).status).toBe(200);
    expect((await ask("/robots/exceeding", "bob-token")).status).toBe(200);
    expect((await ask("/robots/exceeding", "alice-token")).status).toBe(403);
    const entries = await onRecord("administration.read");
    expect(entries.map(({ actor, detail }) => ({ uid: actor.uid, ...detail }))).toMatchObject([
      { uid: "bob", operation: "robots.list", team: "alpha", count: 3 },
      { uid: "bob", operation: "robots.exceeding", count: 1 },
    ]);
    expect(entries).toHaveLength(2);
  });
});
