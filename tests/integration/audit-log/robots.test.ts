import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

const ROBOTS = "/api/v1/teams/alpha/robots";
const grants = [{ repositories: "alpha/app", actions: ["pull"] }];
const post = (path: string, token = "alice-token") =>
  server.http
    .post(path)
    .set("Authorization", `Bearer ${token}`)
    .set("User-Agent", "curl/8")
    .set("X-Request-Id", "request-1")
    .set("X-Forwarded-For", "192.0.2.7");

async function entries(): Promise<AuditEntry[]> {
  const { rows } = await server.db.query<{ content: string }>(
    "select content from audit.entry order by at",
  );
  return rows.map(({ content }) => JSON.parse(content) as AuditEntry);
}

describe("the audit log has, of robots,", () => {
  test("who made, renewed, disabled and enabled one, and from where; never its secret", async () => {
    const made = await post(ROBOTS).send({ name: "ci", grants });
    const renewed = await post(`${ROBOTS}/ci/rotate`).send({});
    await post(`${ROBOTS}/ci/disable`).send({});
    await post(`${ROBOTS}/ci/enable`, "bob-token").send({});
    const found = (await entries()).filter(({ detail }) => detail["login"] === "robot-alpha-ci");
    expect(found.map(({ action, actor, reason }) => [action, actor.uid, reason])).toEqual([
      ["robot.created", "alice", "member of the team"],
      ["robot.rotated", "alice", "member of the team"],
      ["robot.disabled", "alice", "member of the team"],
      ["robot.enabled", "bob", "administrator"],
    ]);
    expect(found[0]).toMatchObject({
      actor: {
        realm: "/employees",
        kind: "oauth2",
        address: "192.0.2.7",
        userAgent: "curl/8",
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
      detail: { login: "robot-alpha-ci", team: "alpha", grants },
    });
    for (const { body } of [made, renewed])
      expect(JSON.stringify(found)).not.toContain((body as { secret: string }).secret);
  });

  test("nothing when nothing was changed", async () => {
    expect((await post(ROBOTS).send({ name: "twice", grants })).status).toBe(201);
    const before = (await entries()).length;
    expect((await post(ROBOTS).send({ name: "twice", grants })).status).toBe(409);
    expect((await post(`${ROBOTS}/unknown/disable`).send({})).status).toBe(404);
    expect((await post(ROBOTS, "nobody-token").send({ name: "x", grants })).status).toBe(401);
    expect(await entries()).toHaveLength(before);
  });

  test("an entry for each, or there is no robot: without the log none is made", async () => {
    await post(ROBOTS).send({ name: "kept", grants });
    await server.db.query("alter table audit.entry rename to entry_away");
    try {
      expect((await post(ROBOTS).send({ name: "unrecorded", grants })).status).toBe(503);
      expect((await post(`${ROBOTS}/kept/disable`).send({})).status).toBe(503);
    } finally {
      await server.db.query("alter table audit.entry_away rename to entry");
    }
    const { rows } = await server.db.query(
      "select name, disabled_at from token_server.robot where name in ('kept', 'unrecorded')",
    );
    expect(rows).toEqual([{ name: "kept", disabled_at: null }]);
  });
});
