import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { loadPolicy } from "#token-server/policy/load.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const POLICY = `rules:
  - {id: secret-plan, effect: deny, actions: ["*"], repositories: ["hidden-name/**"], who: anyone, message: not for you}
  - {id: robots, effect: allow, actions: ["*"], repositories: ["**"], who: {kinds: [robot]}}
  - {id: own, effect: allow, actions: [pull, push, manage], repositories: ["\${team}/**"], who: logged-in}
  - {id: all-read, effect: allow, actions: [pull], repositories: ["**"], who: anyone, message: everybody reads}
  - {id: catalog, effect: allow, actions: [catalog], who: logged-in}
`;
const PUSH_ALONE = `rules:
  - {id: drop, effect: allow, actions: [push, delete], repositories: ["alpha/**"], who: logged-in}
`;
const PATH = "/etc/wharfinger/policy.yaml";
const { policy } = loadPolicy(PATH, POLICY);
const REPOSITORIES = ["alpha/app", "beta/app", "hidden-name/x", "alpha"];
const ACTIONS = ["pull", "push", "delete", "*"];

let folder: TemporaryFolder;
let server: TestTokenServer;
const servers: TestTokenServer[] = [];
async function start(allowPublicRead: boolean): Promise<TestTokenServer> {
  const loginsFile = join(folder.path, "logins.yaml");
  await writeFile(loginsFile, "anonymous: {namespaces: [alpha]}\n");
  const started = await startTestTokenServer({
    policy: { current: () => policy },
    allowPublicRead,
    loginsFile,
  });
  servers.push(started);
  return started;
}
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await start(false);
});
afterEach(async () => {
  for (const one of servers.splice(servers[0] === server ? 1 : 0)) await one.stop();
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

interface Told {
  allow: boolean;
  reason: string;
  rule?: unknown;
  trace?: unknown;
}
type Login = readonly [user: string, password: string] | null;

const explained = async (from: TestTokenServer, login: Login, action: string, name: string) => {
  const request = from.http.get("/api/v1/explain").query({ action, repository: name });
  return login === null ? request : request.auth(...login);
};
const described = (identity: object, action: string, name: string, from = server) =>
  from.http
    .post("/api/v1/explain")
    .auth("oauth2", "bob-token")
    .send({ identity, action, repository: name });

/** What the token endpoint grants, and its reason where it does not. */
async function tokenSays(from: TestTokenServer, login: Login, action: string, name: string) {
  const request = from.http.get("/token").query({ scope: `repository:${name}:${action}` });
  const answer = await (login === null ? request : request.auth(...login));
  if (answer.status !== 200) return { allow: false, reason: null };
  const { token } = answer.body as { token: string };
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    access: unknown[];
    refused: { reason: string }[];
  };
  return { allow: claims.access.length > 0, reason: claims.refused[0]?.reason ?? null };
}

async function makeRobot(name: string): Promise<Login> {
  const grants = [{ repositories: "alpha/app", actions: ["pull", "push"] }];
  const made = await server.http
    .post("/api/v1/teams/alpha/robots")
    .auth("oauth2", "alice-token")
    .send({ name, grants });
  const { robot, secret } = made.body as { robot: { login: string }; secret: string };
  return [robot.login, secret];
}

describe("explain tells what /token would do", () => {
  test.each<[string, () => Promise<Login>]>([
    ["to a person", () => Promise.resolve(["oauth2", "alice-token"])],
    ["to a service", () => Promise.resolve(["oauth2", "ci-all-token"])],
    ["to a robot, within its limits", () => makeRobot("own")],
  ])("%s", async (_who, loginOf) => {
    const login = await loginOf();
    for (const name of REPOSITORIES)
      for (const action of ACTIONS) {
        const says = await tokenSays(server, login, action, name);
        const told = (await explained(server, login, action, name)).body as Told;
        expect({ name, action, allow: told.allow }).toEqual({ name, action, allow: says.allow });
        if (says.reason !== null) expect(told.reason).toBe(says.reason);
      }
  });

  test("to nobody in particular, who has to log in where public read is off", async () => {
    expect((await explained(server, null, "pull", "alpha/app")).status).toBe(401);
    const told = (await described({ kind: "anonymous" }, "pull", "alpha/app")).body as Told;
    expect(told.allow).toBe(false);
    expect(told.reason).toContain("authentication required");
  });

  test("to nobody in particular, within the namespaces that everybody may read", async () => {
    const open = await start(true);
    for (const name of REPOSITORIES)
      for (const action of ACTIONS) {
        const says = await tokenSays(open, null, action, name);
        const own = (await explained(open, null, action, name)).body as Told;
        const other = (await described({ kind: "anonymous" }, action, name, open)).body as Told;
        expect([own.allow, other.allow]).toEqual([says.allow, says.allow]);
        if (says.reason !== null) expect(own.reason).toBe(says.reason);
      }
    expect(await tokenSays(open, null, "pull", "alpha/app")).toMatchObject({ allow: true });
    expect(await tokenSays(open, null, "pull", "beta/app")).toMatchObject({ allow: false });
  });

  test("to a robot that an administrator asks for, also once it is disabled", async () => {
    const login = await makeRobot("asked");
    const uid = login?.[0] ?? "";
    const about = async (action: string, name: string) =>
      (await described({ kind: "robot", uid }, action, name)).body as Told;
    for (const name of REPOSITORIES)
      expect((await about("push", name)).allow).toBe(
        (await tokenSays(server, login, "push", name)).allow,
      );
    expect(await about("push", "alpha/app")).toMatchObject({ allow: true });
    await server.http
      .post("/api/v1/teams/alpha/robots/asked/disable")
      .set("Content-Type", "application/json")
      .auth("oauth2", "alice-token");
    expect(await about("push", "alpha/app")).toMatchObject({
      allow: false,
      reason: "this robot is disabled",
    });
    const unknown = await described(
      { kind: "robot", uid: "robot-alpha-none" },
      "push",
      "alpha/app",
    );
    expect(unknown.status).toBe(404);
  });

  test("to whoever may push and may not pull, which clients need for a push", async () => {
    const { policy: alone } = loadPolicy(PATH, PUSH_ALONE);
    const other = await startTestTokenServer({ policy: { current: () => alone } });
    servers.push(other);
    const login = ["oauth2", "alice-token"] as const;
    const told = (await explained(other, login, "push", "alpha/app")).body as Told;
    expect(told).toMatchObject({ allow: false, action: "pull" });
    expect(told.reason).toMatch(/^a push needs pull as well: no rule allows pull/);
    expect((await explained(other, login, "delete", "alpha/app")).body).toMatchObject({
      allow: true,
    });
  });

  test("to a machine, which has its limits, and to names that nobody can have", async () => {
    const machine = { kind: "machine", uid: "i-1", realm: "/machines" };
    expect((await described(machine, "pull", "alpha/app")).body).toMatchObject({ allow: true });
    expect((await described(machine, "push", "alpha/app")).body).toMatchObject({ allow: false });
    const robot = { kind: "oauth2", uid: "robot-alpha-own", realm: "/robots", teams: ["alpha"] };
    expect((await described(robot, "push", "alpha/app")).body).toMatchObject({ allow: false });
  });
});

describe("where rules are, and all of them,", () => {
  test.each(["pull", "push", "delete"])("are told to administrators alone: %s", async (action) => {
    for (const name of REPOSITORIES) {
      const answer = await explained(server, ["oauth2", "alice-token"], action, name);
      const { text } = answer;
      expect(text).not.toContain(PATH);
      expect(text).not.toContain("policy.yaml");
      if (name !== "hidden-name/x") expect(text).not.toMatch(/hidden-name|not for you/);
      expect(Object.keys(answer.body as Told).sort()).toEqual([
        "action",
        "allow",
        "reason",
        "subject",
      ]);
      const admin = await explained(server, ["oauth2", "bob-token"], action, name);
      expect(admin.text).toContain(`${PATH}:2`);
    }
  });

  test("of somebody who is described, what they may by their teams", async () => {
    const alice = { kind: "oauth2", uid: "alice", realm: "/employees", teams: ["alpha"] };
    const may = async (identity: object) =>
      ((await described(identity, "push", "alpha/app")).body as Told).allow;
    expect(await may(alice)).toBe(true);
    expect(await may({ ...alice, teams: ["gamma"] })).toBe(false);
  });

  test("nor may others ask for somebody else", async () => {
    const asked = { identity: { uid: "bob" }, action: "pull", repository: "beta/app" };
    const post = (login: readonly [string, string] | null) => {
      const request = server.http.post("/api/v1/explain");
      return (login === null ? request : request.auth(...login)).send(asked);
    };
    expect((await post(["oauth2", "alice-token"])).status).toBe(403);
    expect((await post(null)).status).toBe(401);
    expect((await post(["oauth2", "bob-token"])).status).toBe(200);
  });

  test("nor may nobody in particular, where public read is on: they have to log in", async () => {
    const open = await start(true);
    const asked = { identity: { uid: "bob" }, action: "pull", repository: "beta/app" };
    expect((await open.http.post("/api/v1/explain").send(asked)).status).toBe(401);
    expect((await open.http.get("/api/v1/refresh-tokens")).status).toBe(401);
  });

  test("but everybody may while authentication is off", async () => {
    const open = await startTestTokenServer({ unrestricted: true });
    servers.push(open);
    const asked = { identity: { uid: "bob" }, action: "pull", repository: "beta/app" };
    const answer = await open.http.post("/api/v1/explain").send(asked);
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ allow: true })]);
  });
});
