import { describe, expect, test } from "@jest/globals";
import type { IdentityKind } from "#access-policy/identity.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { NOTHING, type View } from "#access-policy/view.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Login } from "#token-server/identity/identity-source.js";
import { isAdministrator, withAdministration } from "#token-server/token/administration.js";
import type { Grant } from "#token-server/token/grant.js";
import { withinRegistry, type TeamsKnown } from "#token-server/token/registry-bounds.js";
import { snapshotOf, NOTHING_LISTED } from "#token-server/directory/directory-snapshot.js";
import { oauthIdentity } from "#tests/support/identities.js";

const VIEW: View = { rules: ["+**"], values: {}, limits: null };
const NO_GRANT: Grant = { access: [], refused: [], grounds: [] };
const name = parseRepositoryName("alpha/app");
const GRANT: Grant = {
  access: [{ type: "repository", name, actions: ["pull", "push"] }],
  refused: [],
  grounds: [[{ rule: "reads" }, { rule: "writes" }]],
};

/** Nobody's teams are asked for whom there are none to be asked of. */
function teamsOf(...teams: readonly string[]) {
  const asked: string[] = [];
  const lookup = {
    asked,
    teamsOf: ({ identity }: Login) => {
      asked.push(identity.kind);
      return Promise.resolve(teams);
    },
  };
  return lookup;
}

const login = (kind: IdentityKind, known: Partial<Login["identity"]> = {}): Login => ({
  identity: oauthIdentity({ kind, ...known }),
  ...{ teams: null, validUntil: null, accessToken: null },
});

describe("administration", () => {
  const ask = async (kind: IdentityKind, adminTeams: readonly string[], ...teams: string[]) => {
    const lookup = teamsOf(...teams);
    const grant = await withAdministration({ teams: lookup, adminTeams }, login(kind), NO_GRANT);
    return { isGranted: grant.access.length > 0, asked: lookup.asked, grant };
  };

  test("is that of members of ADMIN_TEAMS, and of everybody where nobody logs in", async () => {
    expect(await ask("oauth2", ["admins"], "alpha", "admins")).toMatchObject({
      isGranted: true,
      grant: { grounds: [[{ rule: "ADMIN_TEAMS", team: "admins" }]], refused: [] },
    });
    expect(await ask("oauth2", ["admins"], "alpha")).toMatchObject({
      isGranted: false,
      grant: { refused: [{ reason: "only administrators (ADMIN_TEAMS) may" }] },
    });
    const everybody = await ask("unrestricted", ["admins"]);
    expect([everybody.isGranted, everybody.grant.grounds]).toEqual([
      true,
      [[{ rule: "ADMIN_TEAMS" }]],
    ]);
    expect(isAdministrator(oauthIdentity(), ["admins"], [])).toBe(false);
  });

  test("takes a look at nobody's teams who has none, or where none administers", async () => {
    for (const kind of ["anonymous", "unrestricted"] as const)
      expect((await ask(kind, ["admins"], "admins")).asked).toEqual([]);
    expect((await ask("oauth2", [], "alpha")).asked).toEqual([]);
    expect((await ask("oauth2", ["admins"], "alpha")).asked).toEqual(["oauth2"]);
  });
});

describe("what a registry lets somebody do", () => {
  const LAB: PolicyRegistry = {
    ...{ service: "lab", restricted: false, publications: ["alpha"], responsibles: ["beta"] },
  };
  const everybodys = { ...LAB, publications: ["*"] };
  const directory = snapshotOf({
    ...NOTHING_LISTED,
    apps: [{ id: 1, code: "shop", responsibles: ["gamma"], publications: ["alpha"] }],
    services: [{ name: "pod", app: "shop", workload: null }],
  }).directory;

  const ask = async (
    registry: PolicyRegistry,
    who: Login,
    { teams = [], grant = GRANT, view = VIEW, facts = { directory } }: { teams?: readonly string[]; grant?: Grant; view?: View | null; facts?: unknown } = {}, // prettier-ignore
  ) => {
    const lookup = teamsOf(...teams);
    const known = { teams: lookup, policy: { facts: facts ?? undefined } } as unknown as TeamsKnown;
    const decided = await withinRegistry(registry, known, who, { grant, view });
    const actions = decided.grant.access.flatMap((one) => one.actions);
    return { ...decided, actions, asked: lookup.asked };
  };

  test("adds its reasons to those that rules had before", async () => {
    const before = {
      type: "repository",
      name,
      action: "delete",
      reason: "no rule allows it",
    } as const;
    const asked = { teams: ["alpha"], grant: { ...GRANT, refused: [before] } };
    const { grant } = await ask({ ...LAB, restricted: true }, login("oauth2"), asked);
    expect(grant.refused.map(({ action }) => action)).toEqual(["delete", "push"]);
  });

  test("is nothing for whoever is in none of its teams, and says why", async () => {
    const { actions, view, grant } = await ask(LAB, login("oauth2"), { teams: ["gamma"] });
    expect([actions, view]).toEqual([[], NOTHING]);
    expect(grant.refused.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([
      "pull: registry lab is not published to any of your teams",
      "push: registry lab is not published to any of your teams",
    ]);
  });

  test.each([["alpha"], ["beta"]])("is what the rules grant for team %s of its", async (team) => {
    const { actions, view, grant } = await ask(LAB, login("oauth2"), { teams: [team] });
    expect([actions, view]).toEqual([["pull", "push"], VIEW]);
    expect(grant).toEqual(GRANT);
  });

  test("is no change of a restricted one, but for those who are responsible", async () => {
    const restricted = { ...everybodys, restricted: true };
    const alpha = await ask(restricted, login("oauth2"), { teams: ["alpha"] });
    expect([alpha.actions, alpha.view]).toEqual([["pull"], VIEW]);
    expect(alpha.grant.grounds).toEqual([[{ rule: "reads" }]]);
    const beta = await ask(restricted, login("oauth2"), { teams: ["beta"] });
    expect(beta.actions).toEqual(["pull", "push"]);
  });

  test("takes a look at nobody's teams where it changes nothing", async () => {
    const nothing = { grant: NO_GRANT, view: null };
    for (const [registry, who, known] of [
      [everybodys, login("oauth2"), {}],
      [LAB, login("unrestricted"), {}],
      [LAB, login("oauth2"), nothing],
    ] as const) {
      const { asked, ...decided } = await ask(registry, who, known);
      expect(asked).toEqual([]);
      expect(decided).toMatchObject({ grant: GRANT, view: VIEW, ...known });
    }
    expect((await ask(LAB, login("oauth2"), { grant: NO_GRANT })).asked).toEqual(["oauth2"]);
    expect((await ask(LAB, login("oauth2"), { view: null })).view).toBeNull();
  });

  test("goes by a robot's team, a service's application, and nobody's nothing, and asks for no others", async () => {
    const robot = (team: string | readonly string[]) => login("robot", { claims: { team } });
    for (const [who, wanted] of [
      [robot("alpha"), ["pull", "push"]],
      [robot("gamma"), []],
      [robot(["alpha"]), []],
      [login("service", { uid: "service/pod" }), ["pull", "push"]],
      [login("service", { uid: "service/other" }), []],
      [login("anonymous"), []],
    ] as const) {
      const { actions, asked } = await ask(LAB, who, { teams: ["alpha"] });
      expect([actions, asked]).toEqual([wanted, []]);
    }
    const pod = login("service", { uid: "service/pod" });
    expect((await ask(LAB, pod, { facts: null })).actions).toEqual([]);
  });
});
