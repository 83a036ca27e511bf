import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

/** Alice is in team alpha and manages it, bob administers, robot-all only reads. */
const POLICY = compilePolicy(
  [
    {
      id: "hidden",
      effect: "deny",
      actions: ["pull"],
      repositories: ["alpha/hidden"],
      who: "anyone",
    },
    {
      id: "office",
      effect: "allow",
      actions: ["push"],
      repositories: ["alpha/*", "secret-project/**"],
      who: { addresses: ["10.1.2.0/24"], claims: { ref: ["refs/heads/main"] }, uids: ["dave"] },
    },
    {
      id: "own",
      effect: "allow",
      actions: ["push", "manage"],
      repositories: ["${team}/**"],
      who: "logged-in",
    },
    { id: "readers", effect: "allow", actions: ["pull"], repositories: ["**"], who: "anyone" },
  ],
  ["policy.yaml:2", "policy.yaml:7", "policy.yaml:12", "policy.yaml:17"],
);

let stack: RestStack;
let rest: RestStack["rest"];
beforeAll(async () => {
  stack = await startRestStack({}, { policy: { current: () => POLICY } });
  ({ rest } = stack);
});
afterAll(() => stack.stop());

interface Said {
  readonly actions: readonly { readonly action: string; readonly rules: readonly object[] }[];
}

async function rulesOf(action: string, token: string): Promise<readonly object[]> {
  const answer = await rest("/who-can?repository=alpha/app", { token });
  expect(answer.status).toBe(200);
  return (jsonOf(answer) as Said).actions.find((one) => one.action === action)?.rules ?? [];
}

const OWN = { rule: "own", effect: "allow", who: "logged-in", unless: null };

describe("who may push, and by which rule", () => {
  test("is told a reader without addresses, claims, places and other repositories", async () => {
    expect(await rulesOf("push", "ci-all-token")).toEqual([
      {
        ...{ rule: "office", effect: "allow", unless: null, where: [{ values: {} }] },
        who: { uids: ["dave"], withheld: ["addresses", "claims"] },
      },
      { ...OWN, where: [{ values: { team: "alpha" } }] },
    ]);
  });

  test("is told whoever manages the team with addresses and claims, not with places", async () => {
    const [office, own] = await rulesOf("push", "alice-token");
    expect(office).toEqual({
      ...{ rule: "office", effect: "allow", unless: null, where: [{ values: {} }] },
      who: { addresses: ["10.1.2.0/24"], claims: { ref: ["refs/heads/main"] }, uids: ["dave"] },
    });
    expect(own).toEqual({ ...OWN, where: [{ values: { team: "alpha" } }] });
  });

  test("is told an administrator with the pattern that fits, and where it stands", async () => {
    expect(await rulesOf("push", "bob-token")).toMatchObject([
      { at: "policy.yaml:7", where: [{ pattern: "alpha/*", values: {} }] },
      { at: "policy.yaml:12", where: [{ pattern: "${team}/**", values: { team: "alpha" } }] },
    ]);
    expect(JSON.stringify(await rulesOf("push", "bob-token"))).not.toContain("secret-project");
  });
});

test.each(["alice-token", "bob-token", "ci-all-token"])(
  "where %s may not pull it is as if there were no such repository",
  async (token) => {
    const answer = await rest("/who-can?repository=alpha/hidden", { token });
    expect([answer.status, jsonOf(answer)]).toMatchObject([404, { code: "NAME_UNKNOWN" }]);
  },
);

test("whoever is not logged in is told to", async () => {
  expect((await rest("/who-can?repository=alpha/app", { token: null })).status).toBe(401);
});

test.each(["", "?repository=", "?repository=Alpha"])("%j names no repository", async (query) => {
  expect((await rest(`/who-can${query}`)).status).toBe(400);
});
