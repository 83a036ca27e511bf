import { describe, expect, test } from "@jest/globals";
import { asksDirectory } from "#access-policy/asks-directory.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Conditions } from "#access-policy/rule.js";
import { policyOf } from "./asking.js";

const ASKING: readonly Conditions[] = [
  { registry: { restricted: true } },
  { privileges: { anyOf: ["Pusher"] } },
  { apps: { responsible: ["shop"] } },
  { service: { app: ["shop"] } },
];
const OTHERS: readonly Conditions[] = [
  { teams: ["alpha"] },
  { realms: ["/employees"] },
  { kinds: ["service"] },
  { claims: { app: ["shop"] } },
];

describe("a policy takes the directory or the registry to decide by", () => {
  test.each(ASKING)("where it asks who somebody is by %j", (who) => {
    expect(asksDirectory(policyOf([{}, { who }]))).toBe(true);
  });

  test.each(ASKING)("where it excepts somebody by %j", (unless) => {
    expect(asksDirectory(policyOf([{}, { unless }]))).toBe(true);
  });

  test.each(["user", "group", "app.responsible", "app.published", "service.app"])(
    "where one of its patterns has ${%s}",
    (variable) => {
      const repositories = ["**", `places/\${${variable}}/**`];
      expect(asksDirectory(policyOf([{}, { repositories }]))).toBe(true);
    },
  );

  test("and says the same when it is asked again", () => {
    const policy = policyOf([{ who: { service: { app: ["shop"] } } }]);
    expect([asksDirectory(policy), asksDirectory(policy)]).toEqual([true, true]);
  });
});

describe("a policy takes neither directory nor registry", () => {
  test("where no rule says otherwise", () => {
    expect(asksDirectory(policyOf([{}, { who: "logged-in" }]))).toBe(false);
    expect(asksDirectory(DEFAULT_POLICY)).toBe(false);
  });

  test.each(OTHERS)("where it goes by what a login says itself, such as %j", (one) => {
    expect(asksDirectory(policyOf([{ who: one }, { unless: one }]))).toBe(false);
  });

  test.each(["team", "uid", "realm", "claim.user"])(
    "where its patterns have ${%s} alone",
    (variable) => {
      expect(asksDirectory(policyOf([{ repositories: [`\${${variable}}/**`] }]))).toBe(false);
    },
  );
});
