import { describe, expect, test } from "@jest/globals";
import { grantedBy, groundsSchema } from "#gateway/proxy/granted-by.js";
import type { Access } from "#registry-protocol/scope.js";

const POLICY = "ab".repeat(32);
const access: Access[] = [
  { type: "repository", name: "beta/base", actions: ["pull"] },
  { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
  { type: "repository", name: "alpha/old", actions: ["*"] },
];
const grant = groundsSchema.parse({
  policy: POLICY,
  rules: [{ rule: "pull" }, { rule: "push-employees", team: "alpha" }, { rule: "all" }],
  by: [[0], [0, 1], [2]],
});
const taking = (name: string, ...actions: Access["actions"]): Access => ({
  ...{ type: "repository", name, actions },
});

describe("by what a token lets somebody", () => {
  test("is the rule of the action that the request is about, in its repository", () => {
    expect(grantedBy({ access, grant }, taking("alpha/app", "pull", "push"))).toEqual({
      ...{ rule: "push-employees", team: "alpha", policy: POLICY },
    });
    expect(grantedBy({ access, grant }, taking("alpha/app", "pull"))?.rule).toBe("pull");
    expect(grantedBy({ access, grant }, taking("beta/base", "pull"))?.rule).toBe("pull");
    expect(grantedBy({ access, grant }, taking("alpha/old", "delete"))?.rule).toBe("all");
  });

  test("is looked for where the very action is granted, and of a repository, not of what else is called so", () => {
    const parts: Access[] = [
      { type: "registry", name: "catalog", actions: ["*"] },
      { type: "repository", name: "catalog", actions: ["pull"] },
      { type: "repository", name: "catalog", actions: ["push"] },
    ];
    const split = { ...grant, by: [[2], [0], [1]] };
    const ruleOf = (...actions: Access["actions"]) =>
      grantedBy({ access: parts, grant: split }, taking("catalog", ...actions))?.rule;
    expect([ruleOf("pull"), ruleOf("push")]).toEqual(["pull", "push-employees"]);
  });

  test("is nothing where any token will do", () => {
    expect(grantedBy({ access, grant }, null)).toBeNull();
  });

  test("names who made the robot", () => {
    const made = { ...grant, maker: "alice" };
    expect(grantedBy({ access, grant: made }, taking("alpha/app", "pull"))?.maker).toBe("alice");
  });

  test("is marked as not told by a token that had no room, or whose claim is of another order", () => {
    const untold = { rule: null, policy: POLICY };
    for (const claim of [{ policy: POLICY }, { ...grant, by: [] }, { ...grant, rules: [] }])
      expect(grantedBy({ access, grant: claim }, taking("alpha/app", "push"))).toEqual(untold);
    expect(grantedBy({ access, grant }, taking("gamma/app", "push"))).toEqual(untold);
  });

  test("is nothing by a token of a version before", () => {
    expect(grantedBy({ access }, taking("alpha/app", "push"))).toBeNull();
  });
});
