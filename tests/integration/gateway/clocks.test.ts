import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startGatewayBetween, type GatewayBetween } from "#tests/support/gateway-between.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { newSigner, type TestSigner, type TokenClaims } from "#tests/support/token-authority.js";

const READ = `/v2/alpha/app/manifests/sha256:${"ab".repeat(32)}`;
const PULL: TokenClaims = {
  access: [{ type: "repository", name: "alpha/app", actions: ["pull"] }],
};
const [TEN_AHEAD, SIXTEEN_BEHIND] = [600, -960];
const LIFETIME = 900;

let between: GatewayBetween;

beforeEach(async () => {
  between = await startGatewayBetween();
});
afterEach(() => between.stop());

/** @returns the answer to a token that was issued this many seconds ago, by the token server's clock */
async function readWith(
  clockAhead: number,
  ago = 0,
  signer: TestSigner = between.authority,
): Promise<Answer> {
  between.authority.clockAhead(clockAhead);
  const issuedAt = clockAhead - ago;
  const times = { notBefore: issuedAt - 10, expiresIn: issuedAt + LIFETIME };
  const authorization = `Bearer ${await signer.sign({ ...PULL, ...times })}`;
  return ask(between.gateway.url, READ, { headers: { Authorization: authorization } });
}

describe("when the token server's clock differs", () => {
  test.each([
    [TEN_AHEAD, "the token server's clock is 10 minutes ahead of the gateway's; try again"],
    [SIXTEEN_BEHIND, "the token server's clock is 16 minutes behind the gateway's; try again"],
  ])("by %i seconds, a token of its is undecided and the difference is named", async (ahead, why) => {
    const answer = await readWith(ahead);
    expect(answer.status).toBe(503);
    expect(errorOf(answer)).toMatchObject({ code: "UNAVAILABLE", message: why });
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    const ready = await ask(between.gateway.url, "/ready");
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.body.toString())).toMatchObject({
      checks: { clocks: "failing" },
      reasons: expect.arrayContaining([why.replace("; try again", "")]) as unknown,
    });
  });

  test.each([TEN_AHEAD, SIXTEEN_BEHIND])(
    "by %i seconds, a token that has expired by that clock too is refused for good",
    async (ahead) => {
      expect((await readWith(ahead, 3_600)).status).toBe(401);
    },
  );

  test("a token that somebody else signed is refused for good", async () => {
    const stranger = await newSigner();
    expect((await readWith(TEN_AHEAD, 0, stranger)).status).toBe(401);
  });
});

describe("when clocks agree", () => {
  test("within a minute, tokens are taken and nothing is said", async () => {
    expect((await readWith(45)).status).toBe(200);
    expect((await readWith(-45)).status).toBe(200);
    const ready = JSON.parse(
      (await ask(between.gateway.url, "/ready")).body.toString(),
    ) as unknown;
    expect(ready).toMatchObject({ checks: { clocks: "ok" }, reasons: ["the database does not answer"] });
  });

  test("a token that has expired, or is not valid yet, is refused for good", async () => {
    expect((await readWith(0, 3_600)).status).toBe(401);
    expect((await readWith(0, -3_600)).status).toBe(401);
  });
});
