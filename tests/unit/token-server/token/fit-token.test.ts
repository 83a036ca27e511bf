import { describe, expect, test } from "@jest/globals";
import { MOST_TOKEN_CHARACTERS, signFitting } from "#token-server/token/fit-token.js";
import type { Grant } from "#token-server/token/grant.js";

const refusal = (reason: string) => ({
  ...{ type: "repository" as const, name: "alpha/app", action: "push" as const },
  reason,
});
const grantOf = (refused: readonly ReturnType<typeof refusal>[], names = 1): Grant => ({
  access: Array.from({ length: names }, () => ({
    type: "repository",
    name: "alpha/app",
    actions: ["pull" as const],
  })),
  refused,
  grounds: Array.from({ length: names }, () => [{ rule: "pull" }]),
});
const sign = (grant: Grant) => Buffer.from(JSON.stringify(grant)).toString("base64url");
const signed = (grant: Grant) =>
  JSON.parse(Buffer.from(signFitting(grant, sign).token, "base64url").toString()) as Grant;

describe("a token", () => {
  test("says everything where that fits, and is signed but once", () => {
    const grant = grantOf([refusal("not your team")]);
    let times = 0;
    const { token } = signFitting(grant, (one) => {
      times += 1;
      return sign(one);
    });
    expect([token, times]).toEqual([sign(grant), 1]);
  });

  test("that would be too long says less of what is refused, and all that is granted", () => {
    const grant = grantOf(Array.from({ length: 40 }, () => refusal("r".repeat(200))));
    const token = signed(grant);
    expect(sign(token).length).toBeLessThanOrEqual(MOST_TOKEN_CHARACTERS);
    expect(token.access).toEqual(grant.access);
    expect(token.refused.length).toBeGreaterThan(10);
    expect(token.grounds).toEqual(grant.grounds);
  });

  test("that has no room for by what it is granted says that it does not say", () => {
    const rule = "r".repeat(400);
    const long = { ...grantOf([], 10), grounds: Array.from({ length: 10 }, () => [{ rule }]) };
    const fitting = { ...long, access: grantOf([], 60).access };
    const token = signed(fitting);
    expect(token.grounds).toBeNull();
    expect(token.access).toEqual(fitting.access);
  });

  test("that does not fit with what is granted alone is refused", () => {
    expect(() => signed(grantOf([], 200))).toThrow("ask for fewer scopes at once");
  });
});
