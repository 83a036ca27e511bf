import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.tally.flush();
  since = new Date();
});

let since = new Date();
const ROBOTS = "/api/v1/teams/alpha/robots";
const grants = [{ repositories: "alpha/app*", actions: ["pull"] }];
const logIn = (user: string, secret: string, address = "192.0.2.1") =>
  server.http
    .get("/token")
    .set("X-Forwarded-For", address)
    .set("User-Agent", "docker/28")
    .auth(user, secret);

interface Entry {
  readonly action: string;
  readonly actor: Record<string, string>;
  readonly reason: string;
  readonly detail: Record<string, unknown>;
}

/** @returns what went on record of refusals since the test began */
async function onRecord(): Promise<Entry[]> {
  await server.tally.flush();
  const { rows } = await server.db.query<{ entry: Entry }>(
    `select content::json as entry from audit.entry
     where action in ('login.failed', 'access.refused') and at > $1 order by at`,
    [since],
  );
  return rows.map(({ entry }) => entry);
}

describe("a login that is refused", () => {
  test("is on record by what was shown and from where, and no name that is nobody's, which may be a password", async () => {
    await logIn("oauth2", "wrong-1");
    await logIn("oauth2", "wrong-2");
    await logIn("correct horse battery staple", "alice", "192.0.2.2");
    const entries = await onRecord();
    const count = (count: number) => ({
      ...{ count, firstAt: expect.any(String), lastAt: expect.any(String) },
    });
    expect(entries).toMatchObject([
      {
        action: "login.failed",
        actor: { uid: "", kind: "not known", address: "192.0.2.1", userAgent: "docker/28" },
        detail: { shown: "oauth2", outcome: "refused", ...count(2) },
      },
      { actor: { uid: "", address: "192.0.2.2" }, detail: { shown: "password", ...count(1) } },
    ]);
    for (const said of ["wrong-1", "wrong-2", "horse", "alice"])
      expect(JSON.stringify(entries)).not.toContain(said);
  });

  test("names the account that was meant, as no actor", async () => {
    await server.http
      .post(ROBOTS)
      .set("Authorization", "Bearer alice-token")
      .send({ name: "meant", grants });
    await logIn("robot-alpha-meant", "guessed");
    await logIn("robot-alpha-never-was", "guessed");
    const entries = await onRecord();
    expect(entries.map(({ actor, detail }) => [actor["uid"], detail["account"]])).toEqual([
      ["", "robot-alpha-meant"],
      ["", undefined],
    ]);
  });

  test("is on record as limited when there were too many", async () => {
    const few = await startTestTokenServer({
      limits: { failuresPerSource: 1, failuresPerAccount: 1, windowSeconds: 60 },
    });
    for (let i = 0; i < 3; i += 1) await few.http.get("/token").auth("oauth2", `wrong-${i}`);
    await few.tally.flush();
    const { rows } = await few.db.query(
      `select content::json -> 'detail' ->> 'outcome' as outcome,
              (content::json -> 'detail' -> 'count')::text as count
       from audit.entry where action = 'login.failed' order by at`,
    );
    await few.stop();
    expect(rows).toEqual([
      { outcome: "refused", count: "1" },
      { outcome: "limited", count: "2" },
    ]);
  });

  test("that is right, or cannot be decided, is none", async () => {
    expect((await logIn("oauth2", "alice-token")).status).toBe(200);
    expect(await onRecord()).toEqual([]);
  });
});

describe("a robot that somebody may not make", () => {
  test("is on record with who, and how often; one that may be made, and a list that may not be read, is not", async () => {
    const other = "/api/v1/teams/beta/robots";
    const wanted = { name: "no", grants: [{ repositories: "beta/app", actions: ["pull"] }] };
    const ask = (token: string) =>
      server.http.post(other).set("Authorization", `Bearer ${token}`).send(wanted);
    expect((await ask("alice-token")).status).toBe(403);
    expect((await ask("alice-token")).status).toBe(403);
    expect((await ask("bob-token")).status).toBe(201);
    const list = await server.http.get(other).set("Authorization", "Bearer alice-token");
    expect(list.status).toBe(403);
    expect(await onRecord()).toMatchObject([
      {
        action: "access.refused",
        actor: { uid: "alice", realm: "/employees", kind: "oauth2" },
        reason: expect.stringContaining("beta"),
        detail: { code: "DENIED", method: "POST", count: 2 },
      },
    ]);
  });
});
