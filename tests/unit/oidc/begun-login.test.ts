import { describe, expect, test } from "@jest/globals";
import { begunCookie, begunLoginOf, type BegunLogin } from "#gateway/oidc/begun-login.js";
import { TEST_SEALER } from "#tests/support/test-sealer.js";

const BEGUN: BegunLogin = {
  ...{ issuer: "company", state: "s", nonce: "n", verifier: "v", to: "robots", before: null },
  until: 1_000,
};
const PLAIN = "http://127.0.0.1:8080";
const SECURE = "https://registry.example.org";

function found(by: { origin?: string; issuer?: string; now?: number } = {}, madeAt = PLAIN) {
  const cookie = `other=1; ${begunCookie(TEST_SEALER, madeAt, BEGUN).split(";")[0]}`;
  const { origin = PLAIN, issuer = "company", now = 999 } = by;
  return begunLoginOf(TEST_SEALER, { headers: { cookie } }, { origin, issuer, now });
}

describe("what a browser is sent to a provider with", () => {
  test("comes back with it, whole", () => {
    expect(found()).toEqual(BEGUN);
  });

  test("counts for its issuer alone, and until its end", () => {
    expect(found({ issuer: "other" })).toBeNull();
    expect(found({ now: 1_000 })).toBeNull();
  });

  test("says nothing to whoever reads it", () => {
    expect(begunCookie(TEST_SEALER, PLAIN, BEGUN)).not.toContain("robots");
  });

  test("is of this host and of TLS alone where clients use that", () => {
    expect(begunCookie(TEST_SEALER, SECURE, BEGUN)).toMatch(
      /^__Host-wharfinger-login=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    );
    expect(found({ origin: SECURE }, SECURE)).toEqual(BEGUN);
    expect(found({ origin: SECURE }, PLAIN)).toBeNull();
  });

  test("is taken back", () => {
    expect(begunCookie(TEST_SEALER, PLAIN, null)).toBe(
      "wharfinger-login=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    );
  });
});
