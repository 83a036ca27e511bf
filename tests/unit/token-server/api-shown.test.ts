import { describe, expect, test } from "@jest/globals";
import type { IdentityKind } from "#access-policy/identity.js";
import type { RuleAbout } from "#access-policy/who-can.js";
import type { ApiCaller } from "#token-server/api/caller.js";
import { asRegistrar, mayMake, onlookerOf, shown } from "#token-server/api/registry-rights.js";
import { Fault } from "#registry-protocol/faults.js";
import { shown as ruleShown } from "#token-server/api/rule-shown.js";
import { timeLeft, together, unansweredFor } from "#token-server/api/search-together.js";
import type { Registry } from "#token-server/registries/registry.js";
import { oauthIdentity } from "#tests/support/identities.js";

const callerWith = (kind: IdentityKind, known: Partial<ApiCaller> = {}, claims = {}): ApiCaller =>
  ({
    ...{ identity: oauthIdentity({ kind, claims }), teams: ["alpha"], isAdministrator: false },
    ...known,
  }) as ApiCaller;
const KINDS: readonly IdentityKind[] = ["robot", "machine", "anonymous"];
const registry = (known: Partial<Registry> = {}): Registry => ({
  ...{ service: "r.example", url: null, insecure: false, restricted: false, description: "" },
  ...{ publications: [], responsibles: ["alpha"], isOwn: false, createdBy: "" },
  ...{ createdAt: new Date(0), changedBy: null, changedAt: null },
  ...known,
});

describe("a registry, as somebody sees it", () => {
  test("is known by their teams, and to a robot by its own team alone", () => {
    expect(onlookerOf(callerWith("oauth2")).teams).toEqual(["alpha"]);
    expect(onlookerOf(callerWith("oauth2", {}, { team: "beta" })).teams).toEqual(["alpha"]);
    expect(onlookerOf(callerWith("robot", {}, { team: "beta" })).teams).toEqual(["beta"]);
    expect(onlookerOf(callerWith("robot", { teams: [] })).teams).toStrictEqual([]);
  });

  test("may be changed by whoever is responsible, and by no login of a kind that changes none", () => {
    expect(shown(registry(), callerWith("oauth2")).mayChange).toBe(true);
    expect(shown(registry(), callerWith("oauth2", { teams: ["beta"] })).mayChange).toBe(false);
    for (const kind of KINDS) {
      expect(shown(registry(), callerWith(kind)).mayChange).toBe(false);
      expect(() => asRegistrar(callerWith(kind))).toThrow(
        `a login of kind ${kind} changes no registry`,
      );
    }
    expect(asRegistrar(callerWith("oauth2")).teams).toEqual(["alpha"]);
  });

  test("says so where its certificate is not checked", () => {
    expect(shown(registry(), callerWith("oauth2")).warning).toBeNull();
    expect(shown(registry({ insecure: true }), callerWith("oauth2")).warning).toContain(
      "certificate",
    );
  });

  test.each([
    [true, "alpha", true],
    [true, null, false],
    [false, "alpha", false],
  ])("may be made with the privilege (%s), for a team (%s): %s", (has, team, may) => {
    const privileges = { hasPrivilege: () => has, primaryTeamOf: () => team } as unknown as Parameters<typeof mayMake>[0]; // prettier-ignore
    expect(mayMake(privileges, callerWith("oauth2"))).toBe(may);
    for (const kind of KINDS) expect(mayMake(privileges, callerWith(kind))).toBe(false);
  });
});

test.each([
  [10_000, 0, 5_000],
  [10_000, 7_000.5, 2_999],
  [10_000, 10_000, 0],
])("until %i, at %d, one registry is waited for %i milliseconds", (until, now, left) => {
  expect(timeLeft(until, now)).toBe(left);
});

test("what several registries have found is in the order of their names, and says which have more or did not answer", () => {
  const item = (name: string) => ({ name }) as never;
  const answers = new Map([
    ["c", { unanswered: "it was away" }],
    ["b", { items: [item("b1")], hasMore: true }],
    ["a", { items: [item("a1"), item("a2")], hasMore: false }],
  ]);
  const asked = ["a", "b", "c", "never asked"].map((service) => ({ service }));
  expect(together(asked, answers as never)).toEqual({
    items: [
      { registry: "a", name: "a1" },
      { registry: "a", name: "a2" },
      { registry: "b", name: "b1" },
    ],
    more: ["b"],
    unanswered: [{ registry: "c", reason: "it was away" }],
  });
});

test("a registry that could not be asked has not answered, and a mistake is nobody's answer", () => {
  const fault = new Fault("UNAVAILABLE", { message: "teams are not known now" });
  expect(unansweredFor(fault)).toEqual({ unanswered: "teams are not known now" });
  const mistake = new Error("password=secret");
  expect(() => unansweredFor(mistake)).toThrow(mistake);
});

describe("a rule, as somebody sees it", () => {
  const conditions = { teams: ["alpha"], addresses: ["10.0.0.0/8"], claims: { ref: ["main"] } };
  const rule = {
    ...{ rule: { id: "one", at: "policy:3" }, effect: "allow", who: conditions, unless: null },
    patterns: [{ pattern: "alpha/**", values: ["alpha"] }],
  } as unknown as RuleAbout;

  test("is who it means, and to readers that more is asked, not what", () => {
    expect(ruleShown(rule, "reader").who).toEqual({
      ...{ teams: ["alpha"], withheld: ["addresses", "claims"] },
    });
    expect(ruleShown(rule, "manager").who).toEqual(conditions);
    const plain = { ...rule, who: { teams: ["alpha"] } } as unknown as RuleAbout;
    expect(ruleShown(plain, "reader").who).toEqual({ teams: ["alpha"] });
    const anybody = { ...rule, who: "anybody", unless: conditions } as unknown as RuleAbout;
    expect(ruleShown(anybody, "reader")).toMatchObject({
      ...{ who: "anybody", unless: { withheld: ["addresses", "claims"] } },
    });
  });

  test("stands where only administrators are told, and is about what only they are told", () => {
    expect(ruleShown(rule, "manager")).toEqual({
      ...{ rule: "one", effect: "allow", who: conditions, unless: null },
      where: [{ values: ["alpha"] }],
    });
    expect(ruleShown(rule, "administrator")).toMatchObject({
      at: "policy:3",
      where: [{ pattern: "alpha/**", values: ["alpha"] }],
    });
  });
});
