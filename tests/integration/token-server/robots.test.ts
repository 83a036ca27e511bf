import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

const ROBOTS = "/api/v1/teams/alpha/robots";
const grants = [{ repositories: "alpha/app*", actions: ["pull", "push"] }];
const by = (method: "get" | "post", path: string, token = "alice-token") =>
  server.http[method](path).set("Authorization", `Bearer ${token}`);
const create = (body: object, token?: string) => by("post", ROBOTS, token).send(body);
interface Made {
  robot: { login: string };
  secret: string;
}

/** Scope that a robot gets of what it asks for. */
async function granted(login: string, secret: string, scope: string): Promise<string | number> {
  const answer = await server.http.get("/token").query({ scope }).auth(login, secret);
  return answer.status === 200 ? (answer.body as { scope: string }).scope : answer.status;
}

describe("robots", () => {
  test("a member of the team makes one, and it may do what it was granted and nothing else", async () => {
    const made = await create({ name: "ci", grants });
    expect(made.status).toBe(201);
    const { robot, secret } = made.body as Made;
    expect(robot.login).toBe("robot-alpha-ci");
    const scope =
      "repository:alpha/app-1:pull,push repository:alpha/other:pull,push repository:beta/x:pull";
    expect(await granted(robot.login, secret, scope)).toBe("repository:alpha/app-1:pull,push");
  });

  test("its secret is shown once and stored as a slow hash alone", async () => {
    const { secret } = (await create({ name: "once", grants })).body as Made;
    const list = await by("get", ROBOTS);
    expect(list.text).not.toContain(secret);
    const { rows } = await server.db.query<{ secret_hash: string }>(
      `select secret_hash from token_server.robot where name = 'once'`,
    );
    expect(rows[0]?.secret_hash).toMatch(/^scrypt\$/);
    expect(rows[0]?.secret_hash).not.toContain(secret);
  });

  test("a new secret ends the old one at once", async () => {
    const first = (await create({ name: "rotated", grants })).body as Made;
    const scope = "repository:alpha/app:pull";
    expect(await granted(first.robot.login, first.secret, scope)).toBe(scope);
    const second = (await by("post", `${ROBOTS}/rotated/rotate`).send({})).body as Made;
    expect(await granted(first.robot.login, first.secret, scope)).toBe(401);
    expect(await granted(first.robot.login, second.secret, scope)).toBe(scope);
  });

  test("a rotation with an overlap leaves the old secret for that long, and for one rotation", async () => {
    const first = (await create({ name: "lapping", grants })).body as Made;
    const { login } = first.robot;
    const scope = "repository:alpha/app:pull";
    const rotate = async (body: object) => {
      const answer = await by("post", `${ROBOTS}/lapping/rotate`).send(body);
      return { status: answer.status, ...(answer.body as Made) };
    };
    const second = await rotate({ overlapHours: 24 });
    for (const { secret } of [first, second])
      expect(await granted(login, secret, scope)).toBe(scope);
    await server.db.query(
      `update token_server.robot set previous_ends_at = now() - interval '1 s' where login = $1`,
      [login],
    );
    expect(await granted(login, first.secret, scope)).toBe(401);
    const third = await rotate({ overlapHours: 1 });
    for (const { secret } of [second, third])
      expect(await granted(login, secret, scope)).toBe(scope);
    const fourth = await rotate({});
    expect(await granted(login, third.secret, scope)).toBe(401);
    expect(await granted(login, fourth.secret, scope)).toBe(scope);
    expect((await rotate({ overlapHours: 169 })).status).toBe(400);
  });

  test("the old secret of a robot that is disabled is refused with it, and ends no later than the robot", async () => {
    const first = (await create({ name: "fading", grants, expiresInDays: 1 })).body as Made;
    const body = (await by("post", `${ROBOTS}/fading/rotate`).send({ overlapHours: 48 })).body as {
      robot: { expiresAt: string; previousEndsAt: string };
    };
    expect(body.robot.previousEndsAt).toBe(body.robot.expiresAt);
    await by("post", `${ROBOTS}/fading/disable`).send({});
    expect(await granted(first.robot.login, first.secret, "repository:alpha/app:pull")).toBe(401);
  });

  test("a disabled one is refused at once, and works again when enabled", async () => {
    const { robot, secret } = (await create({ name: "switched", grants })).body as Made;
    const scope = "repository:alpha/app:pull";
    expect(await granted(robot.login, secret, scope)).toBe(scope);
    expect((await by("post", `${ROBOTS}/switched/disable`).send({})).status).toBe(200);
    expect(await granted(robot.login, secret, scope)).toBe(401);
    expect((await by("post", `${ROBOTS}/switched/enable`).send({})).status).toBe(200);
    expect(await granted(robot.login, secret, scope)).toBe(scope);
  });

  test("one whose time is over is refused", async () => {
    const { robot, secret } = (await create({ name: "short", grants, expiresInDays: 1 }))
      .body as Made;
    expect(await granted(robot.login, secret, "repository:alpha/app:pull")).not.toBe(401);
    await server.db.query(
      "update token_server.robot set expires_at = clock_timestamp() where login = $1",
      [robot.login],
    );
    expect(await granted(robot.login, secret, "repository:alpha/app:pull")).toBe(401);
  });

  test("one ends by the database's clock, also where the token server's is wrong", async () => {
    server.advance(10 * 3600);
    const { robot, secret } = (await create({ name: "ahead", grants, expiresInDays: 1 }))
      .body as Made;
    const { rows } = await server.db.query<{ hours: number }>(
      `select extract(epoch from expires_at - clock_timestamp())::float8 / 3600 as hours
       from token_server.robot where login = $1`,
      [robot.login],
    );
    server.advance(20 * 3600);
    const asked = await granted(robot.login, secret, "repository:alpha/app:pull");
    server.advance(-30 * 3600);
    expect(Math.round(rows[0]?.hours ?? 0)).toBe(24);
    expect(asked).not.toBe(401);
  });

  test("last use is noted", async () => {
    const { robot, secret } = (await create({ name: "used", grants })).body as Made;
    await granted(robot.login, secret, "repository:alpha/app:pull");
    const { robots } = (await by("get", ROBOTS)).body as {
      robots: { name: string; lastUsedAt: string }[];
    };
    expect(robots.find(({ name }) => name === "used")?.lastUsedAt).not.toBeNull();
  });

  test("nobody outside the team makes, sees or switches them, save an administrator", async () => {
    server.company.identities.push({
      token: "eve-token",
      uid: "eve",
      realm: "/employees",
      scopes: ["uid"],
      teams: ["gamma"],
    });
    expect((await create({ name: "mine", grants }, "eve-token")).status).toBe(403);
    expect((await by("get", ROBOTS, "eve-token")).status).toBe(403);
    expect((await by("post", `${ROBOTS}/ci/disable`, "eve-token").send({})).status).toBe(403);
    expect((await by("get", ROBOTS, "bob-token")).status).toBe(200);
    expect((await server.http.get(ROBOTS)).status).toBe(401);
  });

  test("a robot cannot make robots", async () => {
    const { robot, secret } = (await create({ name: "parent", grants })).body as Made;
    const answer = await server.http
      .post(ROBOTS)
      .auth(robot.login, secret)
      .send({ name: "child", grants });
    expect(answer.status).toBe(403);
  });

  test.each([
    [
      "a grant outside the team",
      { name: "a", grants: [{ repositories: "beta/x", actions: ["pull"] }] },
    ],
    ["a grant on everything", { name: "a", grants: [{ repositories: "**", actions: ["pull"] }] }],
    [
      "a pattern that is none",
      { name: "a", grants: [{ repositories: "alpha//x", actions: ["pull"] }] },
    ],
    [
      "a pattern of four stars",
      { name: "a", grants: [{ repositories: "alpha/*a*b*c*", actions: ["pull"] }] },
    ],
    ["a template", { name: "a", grants: [{ repositories: "alpha/${uid}", actions: ["pull"] }] }],
    ["a name that a shell would not like", { name: "a$b", grants }],
    ["an unknown action", { name: "a", grants: [{ repositories: "alpha/x", actions: ["admin"] }] }],
    ["an unknown field", { name: "a", grants, admin: true }],
    ["no grant", { name: "a", grants: [] }],
  ])("%s is refused with 400 and a reason", async (_what, body) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect((answer.body as { errors: { message: string }[] }).errors[0]?.message).not.toBe("");
  });

  test("a grant to push brings the one to pull, without which no client pushes", async () => {
    const made = await create({
      name: "pusher",
      grants: [
        { repositories: "alpha/app", actions: ["push"] },
        { repositories: "alpha/read", actions: ["pull"] },
      ],
    });
    expect((made.body as Made).robot).toMatchObject({
      grants: [
        { repositories: "alpha/app", actions: ["pull", "push"] },
        { repositories: "alpha/read", actions: ["pull"] },
      ],
    });
  });

  test("a name that is taken is refused with 409", async () => {
    await create({ name: "twice", grants });
    expect((await create({ name: "twice", grants })).status).toBe(409);
  });
});
