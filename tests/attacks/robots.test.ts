import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY, DEFAULT_RULES } from "#access-policy/default-policy.js";
import { repositoryGlob } from "#access-policy/glob.js";
import { matchesGlob } from "#access-policy/glob-match.js";
import type { AccessLimit } from "#access-policy/identity.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Action } from "#registry-protocol/scope.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const ACTIONS = ["pull", "push", "delete"] as const;
const REPOSITORIES = [
  ...["alpha/x", "alpha/app", "alpha/app-1", "alpha/secret/x", "alpha/a/b/c", "beta/x", "alpha"],
].map(parseRepositoryName);
const ADDRESSES = ["127.0.0.1", "10.1.2.3", "192.0.2.1", "fd00::1"];

const rule = (id: string, rest: Partial<RuleSpec>): RuleSpec => ({
  id,
  effect: "allow",
  actions: ["push"],
  who: "anyone",
  ...rest,
});
const robotsAny = rule("robots", {
  actions: ["*"],
  repositories: ["**"],
  who: { kinds: ["robot"] },
});
const POLICIES: Readonly<Record<string, Policy>> = {
  "the default rules": DEFAULT_POLICY,
  "a part that is closed to all": compilePolicy([
    rule("closed", { effect: "deny", repositories: ["alpha/secret/**"] }),
    ...DEFAULT_RULES,
  ]),
  "pushes from one network alone": compilePolicy([
    robotsAny,
    rule("manage", { actions: ["manage"], repositories: ["${team}/**"], who: "logged-in" }),
    rule("network", { repositories: ["${team}/**"], who: { addresses: ["127.0.0.0/8"] } }),
    rule("pull", { actions: ["pull"], repositories: ["**"] }),
  ]),
  "teams that delete": compilePolicy([
    robotsAny,
    rule("own", { actions: ["*", "manage"], repositories: ["${team}/**"], who: "logged-in" }),
  ]),
  "nobody who manages": compilePolicy([
    robotsAny,
    rule("own", { actions: ["*"], repositories: ["${team}/**"], who: "logged-in" }),
  ]),
};

const employee = { realm: "/employees", scopes: ["uid"] };
const service = { realm: "/services", scopes: ["uid"] };
const MAKERS = [
  { token: "alice-token", uid: "alice", ...employee, teams: ["alpha"] },
  { token: "bob-token", uid: "bob", ...employee, teams: ["beta"] },
  { token: "eve-token", uid: "eve", ...employee, teams: ["gamma"] },
  { token: "carol-token", uid: "carol", ...employee, realm: "/customers", teams: ["alpha"] },
  { token: "ci-nowrite-token", uid: "ci-ro", ...service, teams: ["alpha"] },
  {
    token: "ci-token",
    uid: "ci",
    ...service,
    scopes: ["uid", "application.write"],
    teams: ["alpha"],
  },
  {
    token: "ci-all-token",
    uid: "ci-all",
    ...service,
    scopes: ["application.write_all"],
    teams: [],
  },
];
const GRANTS: readonly AccessLimit[] = [
  { repositories: "alpha/**", actions: ["pull"] },
  { repositories: "alpha/**", actions: ["pull", "push"] },
  { repositories: "alpha/app*", actions: ["push"] },
  { repositories: "alpha/secret/x", actions: ["push"] },
  { repositories: "alpha/**", actions: ["pull", "push", "delete"] },
];

let policy: Policy = DEFAULT_POLICY;
let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer({ policy: { current: () => policy }, robotMaxDays: 400 });
  server.company.identities.splice(0, Infinity, ...MAKERS);
});
beforeEach(() => {
  policy = DEFAULT_POLICY;
});
afterAll(() => server.stop());

const ROBOTS = "/api/v1/teams/alpha/robots";
const call = (method: "get" | "post", path: string, token: string, body?: object) =>
  server.http[method](path)
    .set("Authorization", `Bearer ${token}`)
    .set("Content-Type", "application/json")
    .send(body === undefined ? undefined : JSON.stringify(body));
interface Made {
  robot: { login: string; expiresAt: string };
  secret: string;
}
let made = 0;
const nextName = () => `r${(made += 1)}`;

describe.each(Object.keys(POLICIES))("with %s a robot never exceeds its maker", (title) => {
  test.each(MAKERS.map((maker) => [maker.uid, maker] as const))("%s", async (_uid, maker) => {
    policy = POLICIES[title] ?? DEFAULT_POLICY;
    for (const grant of GRANTS) {
      const wanted = mayManage(maker) && mayGive(maker, grant);
      const answer = await call("post", ROBOTS, maker.token, { name: nextName(), grants: [grant] });
      expect({ grant, status: answer.status }).toEqual({ grant, status: wanted ? 201 : 403 });
      if (wanted) await expectWithin(answer.body as Made, maker.token);
      const name = await robotOfOthers(grant);
      for (const verb of ["rotate", "disable", "enable"]) {
        const mayDo = verb === "disable" ? mayManage(maker) : wanted;
        const changed = await call("post", `${ROBOTS}/${name}/${verb}`, maker.token, {});
        expect({ grant, verb, status: changed.status }).toEqual({
          grant,
          verb,
          status: mayDo ? 200 : 403,
        });
      }
    }
    const list = await call("get", ROBOTS, maker.token);
    expect(list.status).toBe(mayManage(maker) ? 200 : 403);
  });
});

describe("a robot's life", () => {
  const DAY = 24 * 3600 * 1000;
  const grants = [{ repositories: "alpha/app", actions: ["pull"] }];
  const make = async (expiresInDays?: number) => {
    const name = nextName();
    const answer = await call("post", ROBOTS, "alice-token", { name, grants, expiresInDays });
    return { name, status: answer.status, ...(answer.body as Made) };
  };
  const change = (name: string, verb: string, body: object = {}) =>
    call("post", `${ROBOTS}/${name}/${verb}`, "alice-token", body);

  test("is bounded by the setting, whatever is asked for", async () => {
    expect((await make(401)).status).toBe(400);
    expect((await make(400)).status).toBe(201);
    const { name } = await make(90);
    expect((await change(name, "rotate", { expiresInDays: 401 })).status).toBe(400);
  });

  test("keeps its end when its secret is rotated and when it is enabled", async () => {
    const { name, robot } = await make(90);
    const rotated = await change(name, "rotate");
    expect((rotated.body as Made).robot.expiresAt).toBe(robot.expiresAt);
    await change(name, "disable");
    const enabled = await change(name, "enable");
    expect((enabled.body as Made).robot.expiresAt).toBe(robot.expiresAt);
  });

  test("is cut to the setting where it was longer before", async () => {
    for (const verb of ["rotate", "enable"]) {
      const name = await robotOfOthers(GRANTS[0] as AccessLimit, 3650);
      const { robot } = (await change(name, verb)).body as Made;
      expect(Date.parse(robot.expiresAt)).toBeLessThan(Date.now() + 401 * DAY);
    }
  });

  test("does not begin anew by being enabled or rotated after its end", async () => {
    const { name, robot, secret } = await make(1);
    await server.db.query(
      "update token_server.robot set expires_at = expires_at - interval '2 days' where login = $1",
      [robot.login],
    );
    expect((await change(name, "enable")).status).toBe(409);
    expect((await change(name, "rotate")).status).toBe(409);
    const login = await server.http.get("/token").auth(robot.login, secret);
    expect(login.status).toBe(401);
    const again = await change(name, "rotate", { expiresInDays: 5 });
    expect(again.status).toBe(200);
    expect(
      (await server.http.get("/token").auth(robot.login, (again.body as Made).secret)).status,
    ).toBe(200);
  });
});

describe("names", () => {
  const grantIn = (team: string) => [{ repositories: `${team}/x`, actions: ["pull"] }];

  test("of robots of two teams stand for one robot each", async () => {
    const name = nextName();
    await call("post", ROBOTS, "alice-token", { name, grants: grantIn("alpha") });
    const gamma = "/api/v1/teams/gamma/robots";
    await call("post", gamma, "eve-token", { name, grants: grantIn("gamma") });
    const first = await rowOf("alpha", name);
    await call("post", `${gamma}/${name}/rotate`, "eve-token", {});
    await call("post", `${gamma}/${name}/disable`, "eve-token", {});
    await call("post", `${gamma}/${name}/enable`, "eve-token", {});
    expect(await rowOf("alpha", name)).toEqual(first);
    await call("post", `${ROBOTS}/${name}/disable`, "alice-token", {});
    expect(await rowOf("gamma", name)).toMatchObject({ disabled_at: null });
    const list = (await call("get", gamma, "eve-token")).text;
    expect(list).not.toContain('"team":"alpha"');
  });

  test("that would come out as one login have one each, whoever is first", async () => {
    const teams = ["gam.ma", "gam-ma", "gam", "gam_ma"];
    server.company.identities.push({ token: "frank-token", uid: "frank", ...employee, teams });
    const name = nextName();
    const make = (team: string, called = name) =>
      call("post", `/api/v1/teams/${team}/robots`, "frank-token", {
        name: called,
        grants: grantIn(team),
      });
    const made = [
      await make("gam.ma"),
      ...(await Promise.all([make("gam-ma"), make("gam", `ma-${name}`), make("gam_ma")])),
    ];
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const logins = made.map(({ body }) => (body as { robot: { login: string } }).robot.login);
    expect(logins[0]).toBe(`robot-gam-ma-${name}`);
    expect(new Set(logins).size).toBe(4);
    for (const login of logins.slice(1)) expect(login).toMatch(/^robot-gam-ma-.*_[0-9a-f]{12}$/);
    for (const { body } of made) {
      const { robot, secret } = body as { robot: { login: string }; secret: string };
      const basic = Buffer.from(`${robot.login}:${secret}`).toString("base64");
      const answer = await server.http
        .get("/token?service=wharfinger")
        .set("Authorization", `Basic ${basic}`);
      expect(answer.status).toBe(200);
    }
    expect((await make("gam-ma")).status).toBe(409);
    // Nobody can take the name that another will get.
    expect((await make("gam", `ma-${name}_0123456789ab`)).status).toBe(400);
  });

  test.each(["a._b", "-a", "a-", "A", "a%2Fb", "a..b", "a".repeat(101), "%00", "*", "a b"])(
    "of teams that cannot be are refused: %s",
    async (team) => {
      const answer = await call("get", `/api/v1/teams/${encodeURI(team)}/robots`, "bob-token");
      expect(answer.status).toBe(400);
    },
  );

  test.each(["A", "a_b", "a.b", "-a", "a--b", "a/b", "", "a".repeat(41), "a\nb", "é"])(
    "of robots that cannot be are refused: %j",
    async (name) => {
      const body = { name, grants: grantIn("alpha") };
      expect((await call("post", ROBOTS, "alice-token", body)).status).toBe(400);
      const path = `${ROBOTS}/${encodeURIComponent(name)}/rotate`;
      expect([400, 404]).toContain((await call("post", path, "alice-token", {})).status);
    },
  );

  test.each(["rotate", "disable", "enable"])(
    "that are unknown are 404 for those who manage, to %s",
    async (verb) => {
      const path = `${ROBOTS}/no-such-robot/${verb}`;
      expect((await call("post", path, "alice-token", {})).status).toBe(404);
      expect((await call("post", path, "eve-token", {})).status).toBe(403);
    },
  );
});

describe("robots that exceed today's policy", () => {
  const exceeding = async () => {
    const answer = await call("get", "/api/v1/robots/exceeding", "bob-token");
    return (
      answer.body as {
        robots: {
          login: string;
          vouchedBy: string | null;
          endsTooLate: boolean;
          excesses: { action: string }[];
        }[];
      }
    ).robots;
  };

  test("are listed for administrators alone", async () => {
    expect((await call("get", "/api/v1/robots/exceeding", "alice-token")).status).toBe(403);
    expect((await server.http.get("/api/v1/robots/exceeding")).status).toBe(401);
    expect((await call("get", "/api/v1/robots/exceeding", "bob-token")).status).toBe(200);
  });

  test("are those whose maker lost a right, with the part that they lost", async () => {
    const name = nextName();
    await call("post", ROBOTS, "alice-token", { name, grants: [GRANTS[1]] });
    const login = `robot-alpha-${name}`;
    const mine = async () => (await exceeding()).find((robot) => robot.login === login);
    expect(await mine()).toBeUndefined();
    policy = POLICIES["a part that is closed to all"] ?? policy;
    expect(await mine()).toMatchObject({
      vouchedBy: "/employees/alice",
      endsTooLate: false,
      excesses: [{ action: "push", repositories: "alpha/**" }],
    });
  });

  test("are those made before makers were noted, where the team itself may not do that", async () => {
    const wide = await robotOfOthers(GRANTS[4] as AccessLimit);
    const narrow = await robotOfOthers(GRANTS[1] as AccessLimit);
    const long = await robotOfOthers(GRANTS[0] as AccessLimit, 3650);
    const stars = await robotOfOthers({ repositories: "alpha/*a*a*a*a", actions: ["pull"] });
    const found = new Map((await exceeding()).map((robot) => [robot.login, robot]));
    expect(found.get(`robot-alpha-${wide}`)?.excesses.map(({ action }) => action)).toEqual([
      "delete",
    ]);
    expect(found.has(`robot-alpha-${narrow}`)).toBe(false);
    expect(found.get(`robot-alpha-${long}`)).toMatchObject({ excesses: [], endsTooLate: true });
    expect(found.get(`robot-alpha-${stars}`)?.excesses).toHaveLength(1);
  });

  test("are not those that cannot log in any more", async () => {
    const name = await robotOfOthers(GRANTS[4] as AccessLimit);
    await call("post", `${ROBOTS}/${name}/disable`, "alice-token", {});
    expect((await exceeding()).map(({ login }) => login)).not.toContain(`robot-alpha-${name}`);
  });
});

type Maker = (typeof MAKERS)[number];

function allowed(maker: Maker, action: Action | "manage", name: string, address: string): boolean {
  const { uid, realm, scopes, teams } = maker;
  const subject = { identity: oauthIdentity({ uid, realm, scopes }), teams };
  const resource = { type: "repository", name: parseRepositoryName(name) } as const;
  return decide(policy, subject, resource, action as Action, { address }).allow === true;
}

/** Brute force, where the server proves. */
function mayManage(maker: Maker): boolean {
  const own = REPOSITORIES.filter((name) => name.startsWith("alpha/"));
  return (
    maker.teams.includes("beta") || own.every((name) => allowed(maker, "manage", name, "127.0.0.1"))
  );
}

function mayGive(maker: Maker, { repositories, actions }: AccessLimit): boolean {
  const glob = repositoryGlob(repositories);
  return REPOSITORIES.filter((name) => matchesGlob(glob, name)).every((name) =>
    actions.every((action) => ADDRESSES.every((from) => allowed(maker, action, name, from))),
  );
}

/** What it is granted is granted to its maker. */
async function expectWithin({ robot, secret }: Made, makerToken: string): Promise<void> {
  const asked = REPOSITORIES.map((name) => `repository:${name}:${ACTIONS.join(",")}`).join(" ");
  const scopeOf = async (user: string, password: string) => {
    const answer = await server.http.get("/token").query({ scope: asked }).auth(user, password);
    expect(answer.status).toBe(200);
    const { scope } = answer.body as { scope: string };
    return scope.split(" ").flatMap((text) => {
      const [, name = "", actions = ""] = text.split(":");
      return actions.split(",").map((action) => `${name} ${action}`);
    });
  };
  const robots = await scopeOf(robot.login, secret);
  const makers = await scopeOf("oauth2", makerToken);
  expect(robots.filter((granted) => !makers.includes(granted))).toEqual([]);
}

/** A robot as it was made when nobody looked at who gives it what. */
async function robotOfOthers(grant: AccessLimit, days = 30): Promise<string> {
  const name = nextName();
  await server.db.query(
    `insert into token_server.robot (login, team, name, grants, secret_hash, created_by, expires_at)
     values ($1, 'alpha', $2, $3, 'scrypt$$', 'someone', now() + make_interval(days => $4))`,
    [`robot-alpha-${name}`, name, JSON.stringify([grant]), days],
  );
  return name;
}

async function rowOf(team: string, name: string): Promise<unknown> {
  const { rows } = await server.db.query(
    `select secret_hash, expires_at, disabled_at, vouched_by from token_server.robot
     where team = $1 and name = $2`,
    [team, name],
  );
  return rows[0];
}
