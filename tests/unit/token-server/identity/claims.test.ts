import { describe, expect, test } from "@jest/globals";
import type { JWTPayload } from "jose";
import { flattenClaims, withheldClaims } from "#token-server/identity/oidc/claims.js";

describe("claims", () => {
  test("are texts and lists of texts, numbers and booleans among them", () => {
    expect(flat({ sub: "x", groups: ["a", "b"], run: 7, protected: true })).toEqual({
      sub: "x",
      groups: ["a", "b"],
      run: "7",
      protected: "true",
    });
  });

  test("inside of others are named by their path", () => {
    const pod = { namespace: "build", serviceaccount: { name: "ci", uid: "1-2" } };
    expect(flat({ "kubernetes.io": pod })).toEqual({
      "kubernetes.io/namespace": "build",
      "kubernetes.io/serviceaccount/name": "ci",
      "kubernetes.io/serviceaccount/uid": "1-2",
    });
  });

  test("of the token itself win over those inside of others that would have the same name", () => {
    expect(flat({ a: { b: "inner" }, "a/b": "outer" })).toEqual({ "a/b": "outer" });
  });

  test("that are longer than any rule needs are left out", () => {
    const claims = {
      long: "x".repeat(1025),
      many: Array(501).fill("x"),
      short: "x",
      ["n".repeat(257)]: "x",
    };
    expect(flat(claims)).toEqual({ short: "x" });
  });

  test("that hold something other than texts are left out as a whole", () => {
    expect(flat({ mixed: ["a", { b: "c" }], nothing: null })).toEqual({});
  });

  test("cannot be so many or so deep that they keep the process busy", () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`c${i}`, "x"]));
    expect(flattenClaims(many).size).toBe(500);
    const deep = { a: { b: { c: { d: { e: "too deep" } } } } };
    expect(flat(deep)).toEqual({});
  });

  test("named like parts of JavaScript's objects are claims like others", () => {
    const claims = flattenClaims(
      JSON.parse('{"__proto__": "x", "constructor": "y"}') as JWTPayload,
    );
    expect([...claims.keys()].sort()).toEqual(["__proto__", "constructor"]);
    expect(claims.get("toString")).toBeUndefined();
  });
});

describe("claims that a token's holder has and that are not known", () => {
  test.each<[string, object, string[]]>([
    [
      "those that are to be had elsewhere",
      { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "https://x" } } },
      ["groups"],
    ],
    ["groups, of a token that came through a browser", { hasgroups: true }, ["groups"]],
    ["the same as a text", { hasgroups: "true" }, ["groups"]],
    ["lists that are too long", { roles: { all: Array(501).fill("x") } }, ["roles/all"]],
    ["none of a token that has them all", { groups: ["a"], hasgroups: false }, []],
    ["none where that is said in another form", { _claim_names: "groups" }, []],
  ])("are %s", (_what, payload, names) => {
    expect([...withheldClaims({ ...payload })]).toEqual(names);
  });
});

function flat(payload: object): object {
  return Object.fromEntries(flattenClaims({ ...payload }));
}
