import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  formatScope,
  nameAsAsked,
  grants,
  parseScopes,
  type Access,
  type RequestedAccess,
} from "#registry-protocol/scope.js";
import { repositoryNames } from "#tests/support/arbitraries.js";

const UNDERSTOOD: readonly (readonly [what: string, scopes: string[], wanted: string[]])[] = [
  ["a pull", ["repository:alpha/app:pull"], ["repository:alpha/app:pull"]],
  ["a push", ["repository:alpha/app:pull,push"], ["repository:alpha/app:pull,push"]],
  ["every action", ["repository:a/b:pull,push,delete,*"], ["repository:a/b:pull,push,delete,*"]],
  ["the catalog", ["registry:catalog:*"], ["registry:catalog:*"]],
  ["a resource class", ["repository(plugin):alpha/app:pull"], ["repository:alpha/app:pull"]],
  [
    "two scopes in one parameter",
    ["repository:a/b:pull repository:c/d:push"],
    ["repository:a/b:pull", "repository:c/d:push"],
  ],
  [
    "two parameters",
    ["repository:a/b:pull", "repository:c/d:push"],
    ["repository:a/b:pull", "repository:c/d:push"],
  ],
  [
    "one resource named twice",
    ["repository:a/b:pull", "repository:a/b:push,pull"],
    ["repository:a/b:pull,push"],
  ],
  ["a repeated action", ["repository:a/b:pull,pull"], ["repository:a/b:pull"]],
  ["an unknown action beside a known one", ["repository:a/b:pull,fly"], ["repository:a/b:pull"]],
  ["stray spaces", ["  repository:a/b:pull  "], ["repository:a/b:pull"]],
];

const LEFT_OUT: readonly (readonly [what: string, scope: string])[] = [
  ["nothing", ""],
  ["a single word", "repository"],
  ["no actions", "repository:alpha/app"],
  ["empty actions", "repository:alpha/app:"],
  ["only unknown actions", "repository:alpha/app:fly,swim"],
  ["an action in upper case", "repository:alpha/app:PULL"],
  ["an unknown type", "database:alpha/app:pull"],
  ["a type in upper case", "Repository:alpha/app:pull"],
  ["a registry resource other than the catalog", "registry:everything:*"],
  ["the catalog of another type", "database:catalog:*"],
  ["a name with a parent segment", "repository:alpha/../beta:pull"],
  ["a name in upper case", "repository:Alpha/app:pull"],
  ["an empty name", "repository::pull"],
  ["a wildcard name", "repository:*:pull"],
  ["an encoded slash in the name", "repository:alpha%2fapp:pull"],
  ["a name with a line break", "repository:alpha/app\n:pull"],
  ["a class that is not closed", "repository(plugin:alpha/app:pull"],
];

describe("scopes", () => {
  test.each(UNDERSTOOD)("%s is understood", (_what, scopes, wanted) => {
    expect(parseScopes(scopes).map(asText)).toEqual(wanted);
  });

  test.each(LEFT_OUT)("a scope with %s is left out without an error", (_what, scope) => {
    expect(parseScopes([scope])).toEqual([]);
  });

  test("a malformed scope does not take the others with it", () => {
    const parsed = parseScopes([
      "repository:a/b:pull nonsense repository:C:pull registry:catalog:*",
    ]);
    expect(parsed.map(asText)).toEqual(["repository:a/b:pull", "registry:catalog:*"]);
  });

  test("a name with host and port before it never stands for the repository without them", () => {
    const parsed = parseScopes(["repository:localhost:5000/alpha/app:pull"]);
    expect(parsed.map(asText)).toEqual(["repository:localhost:5000/alpha/app:pull"]);
  });

  test("no scope at all asks for nothing", () => {
    expect(parseScopes([])).toEqual([]);
  });

  test("a thousand scopes of one parameter are all understood", () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `repository:team/app${i}:pull`);
    expect(parseScopes([names.join(" ")]).map(asText)).toEqual(names);
  });

  test("a well-formed scope that is parsed and written again is the same", () => {
    const actions = fc.uniqueArray(fc.constantFrom("pull", "push", "delete", "*"), {
      minLength: 1,
    });
    fc.assert(
      fc.property(repositoryNames(), actions, (name, wanted) => {
        const scope = `repository:${name}:${wanted.join(",")}`;
        expect(parseScopes([scope]).map(asText)).toEqual([scope]);
      }),
    );
  });

  test("arbitrary text never asks for a resource that is not well formed", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (scopes) => {
        for (const { resource, actions } of parseScopes(scopes)) {
          expect(resource.name).toMatch(/^[a-z0-9][a-z0-9._:/-]*$/);
          expect(actions.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("granted access", () => {
  const granted: Access[] = [
    { type: "repository", name: "alpha/app", actions: ["pull"] },
    { type: "repository", name: "alpha/all", actions: ["*"] },
    { type: "registry", name: "catalog", actions: ["*"] },
  ];

  test.each([
    ["the action that was granted", "repository", "alpha/app", "pull", true],
    ["an action that was not granted", "repository", "alpha/app", "push", false],
    ["any action under a granted *", "repository", "alpha/all", "delete", true],
    ["* under a single granted action", "repository", "alpha/app", "*", false],
    ["another repository", "repository", "alpha/other", "pull", false],
    ["a repository below a granted one", "repository", "alpha/all/below", "pull", false],
    ["a repository that a granted one lies below", "repository", "alpha", "pull", false],
    ["the catalog", "registry", "catalog", "*", true],
    ["a repository named like the catalog", "repository", "catalog", "pull", false],
  ] as const)("%s: %s %s %s is answered %s", (_what, type, name, action, wanted) => {
    expect(grants(granted, type, name, action)).toBe(wanted);
  });

  test("an empty claim grants nothing", () => {
    expect(grants([], "repository", "alpha/app", "pull")).toBe(false);
  });
});

function asText(asked: RequestedAccess): string {
  const { resource, actions } = asked;
  return formatScope({ type: resource.type, name: nameAsAsked(asked), actions });
}
