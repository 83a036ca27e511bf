import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { given, taken } from "#tests/support/opensvc-server.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const LAB = "lab";
const OWN = "wharfinger";
const employee = { realm: "/employees", scopes: ["uid"] };

// OpenSVC's collector has no robots, so its rules say nothing of them.
const ROBOTS_WHERE_PUBLISHED: RuleSpec = {
  ...({ id: "robots", effect: "allow", actions: ["manage"] } as const),
  ...{ repositories: ["${team}/**"], who: { registry: { published: true } } },
};

let server: TestTokenServer;

beforeEach(async () => {
  const policy = compilePolicy([...OPENSVC_RULES, ROBOTS_WHERE_PUBLISHED]);
  server = await startTestTokenServer({ policy: { current: () => policy }, registers: true });
  server.company.identities.push({
    ...{ token: "mary-token", uid: "mary", ...employee, teams: ["gamma", "delta"] },
  });
  await send("post", "/registries", { service: LAB });
  await send("post", "/directory/changes", {
    changes: [
      ...["alice", "bob"].map((uid) => ({ change: "user.set", login: `/employees/${uid}` })),
      ...["alpha", "beta"].flatMap((team) => [given("Pusher", team), given("Puller", team)]),
      { change: "app.set", code: "shop", responsibles: ["beta"], publications: ["alpha"] },
    ],
  });
});
afterEach(() => server.stop());

async function send(method: "post" | "patch", path: string, body: object, token = "bob-token") {
  const request = server.http[method](`/api/v1${path}`);
  const answer = await request.set("Authorization", `Bearer ${token}`).send(body);
  return { status: answer.status, body: answer.body as Record<string, unknown> };
}

const change = (what: object) => send("patch", `/registries/${LAB}`, what);

interface Claims {
  readonly access: readonly { readonly actions: readonly string[] }[];
  readonly refused: readonly { readonly reason: string }[];
  /** By what each action is granted: places in the list of rules. */
  readonly grant: {
    readonly by: readonly (readonly number[])[];
    readonly rules: readonly { readonly rule: string }[];
  };
}

/** @returns what a token for that registry says */
async function tokenFor(service: string, login: readonly [string, string], scope: string) {
  const answer = await server.http
    .get("/token")
    .query({ service, scope })
    .auth(...login);
  expect(answer.status).toBe(200);
  const { token } = answer.body as { token: string };
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Claims;
}

/** @returns of one action in one repository, what a token for that registry says: that it is granted, or why not */
async function ask(
  service: string,
  login: readonly [string, string],
  action: string,
  repository: string,
): Promise<string> {
  const scope = `repository:${repository}:${action}`;
  const { access, refused } = await tokenFor(service, login, scope);
  return access.length > 0 ? "granted" : (refused[0]?.reason ?? "");
}

const ALICE = ["oauth2", "alice-token"] as const;
const BOB = ["oauth2", "bob-token"] as const;
const OF_ALICE = "users/alice/app";

describe("OpenSVC's rules", () => {
  test("go by the registry that a token is for, as it is now", async () => {
    expect(await ask(OWN, ALICE, "push", OF_ALICE)).toBe("granted");
    expect(await ask(LAB, ALICE, "push", OF_ALICE)).toContain(
      "registry lab is not published to any of your teams",
    );
    expect(await ask(LAB, BOB, "push", "users/bob/app")).toBe("granted");
    await change({ publications: ["alpha", "beta"] });
    expect(await ask(LAB, ALICE, "push", OF_ALICE)).toBe("granted");
    await change({ restricted: true });
    expect(await ask(LAB, ALICE, "push", OF_ALICE)).toContain(
      "none of your teams is responsible for",
    );
    expect(await ask(LAB, ALICE, "pull", OF_ALICE)).toBe("granted");
    expect(await ask(LAB, BOB, "push", "users/bob/app")).toBe("granted");
  });

  test("about the registry of the configuration decide who makes robots there", async () => {
    const grants = [{ repositories: "alpha/*", actions: ["pull"] }];
    const make = () => send("post", "/teams/alpha/robots", { name: "ci", grants }, "alice-token");
    expect(await make()).toMatchObject({ status: 201 });
  });

  test("are on record as what granted each action that the registry leaves", async () => {
    await change({ publications: ["alpha"], restricted: true });
    const scope = `repository:${OF_ALICE}:push,pull`;
    const ruleOf = async (service: string, action: string) => {
      const { access, grant } = await tokenFor(service, ALICE, scope);
      const place = grant.by[0]?.[access[0]?.actions.indexOf(action) ?? -1];
      return place === undefined ? null : grant.rules[place]?.rule;
    };
    const [push, pull] = [await ruleOf(OWN, "push"), await ruleOf(OWN, "pull")];
    expect(push).not.toBe(pull);
    expect([await ruleOf(LAB, "push"), await ruleOf(LAB, "pull")]).toEqual([null, pull]);
  });

  test("let a service pull where the registry is published to a team that its app is published to", async () => {
    const made = await send("post", "/directory/services", { name: "web", app: "shop" });
    const login = ["service/web", String(made.body["secret"])] as const;
    expect(await ask(OWN, login, "pull", "apps/shop/web")).toBe("granted");
    expect(await ask(LAB, login, "pull", "apps/shop/web")).toContain("lab is");
    await change({ publications: ["alpha"] });
    expect(await ask(LAB, login, "pull", "apps/shop/web")).toBe("granted");
    expect(await ask(LAB, login, "push", "apps/shop/web")).not.toBe("granted");
  });
});

describe("a registry", () => {
  test("is made by whoever has the privilege Manager, and is their primary team's", async () => {
    const make = (service: string) => send("post", "/registries", { service }, "mary-token");
    expect((await make("site")).status).toBe(403);
    await send("post", "/directory/changes", {
      changes: [
        { change: "user.set", login: "/employees/mary", primaryTeam: "delta" },
        given("Manager", "/employees/mary"),
      ],
    });
    expect(await make("site")).toMatchObject({
      status: 201,
      body: { publications: ["delta"], responsibles: ["delta"], createdBy: "mary" },
    });
    await send("post", "/directory/changes", { changes: [taken("Manager", "/employees/mary")] });
    expect((await make("other")).status).toBe(403);
  });

  test("is given to no team that its maker is not in, whatever the directory calls their first one", async () => {
    await send("post", "/directory/changes", {
      changes: [
        { change: "user.set", login: "/employees/mary", primaryTeam: "beta" },
        given("Manager", "/employees/mary"),
      ],
    });
    const made = await send("post", "/registries", { service: "site" }, "mary-token");
    expect(made.body).toMatchObject({ publications: ["gamma"], responsibles: ["gamma"] });
  });
});
