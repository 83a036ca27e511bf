import { describe, expect, test } from "@jest/globals";
import { differenceOfLogins } from "#token-server/logins/difference.js";

describe("what a logins file says otherwise", () => {
  test("is who came into which team and who left it, and which sections differ", () => {
    const before =
      "teams:\n  alpha: [/employees/alice, /employees/carol]\nldap: {url: ldaps://a}\n";
    const after =
      "teams:\n  alpha: [/employees/alice, /employees/bob]\n  gamma: [/employees/erin]\nldap: {url: ldaps://b}\noidc: []\n";
    expect(differenceOfLogins(before, after)).toEqual([
      "team alpha: /employees/bob added",
      "team alpha: /employees/carol removed",
      "team gamma: /employees/erin added",
      "ldap changed",
      "oidc added",
    ]);
  });

  test("is nothing where both say the same, in another order and form", () => {
    expect(differenceOfLogins("a: 1\nteams: {x: [p, q]}", "teams:\n  x: [q, p]\na: 1")).toEqual([]);
  });

  test("is not told of what cannot be read", () => {
    expect(differenceOfLogins("teams: [", "teams: {}")).toEqual([]);
    expect(differenceOfLogins("teams: {a: 1}", "teams: {}")).toEqual([]);
    expect(differenceOfLogins("teams: {}", "teams: [")).toEqual([]);
  });
});
