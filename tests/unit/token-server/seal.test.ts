import { describe, expect, test } from "@jest/globals";
import { hashToken, newToken, seal, unseal } from "#token-server/refresh-tokens/seal.js";

describe("what a refresh token seals", () => {
  test("its holder can read it again", () => {
    const token = newToken();
    expect(unseal(token, seal(token, "oauth2:secret"))).toBe("oauth2:secret");
  });

  test("nobody else can, and nothing of it shows", () => {
    const token = newToken();
    const sealed = seal(token, "oauth2:secret");
    expect(() => unseal(newToken(), sealed)).toThrow();
    expect(sealed.toString("latin1")).not.toContain("secret");
  });

  test("a changed byte is noticed", () => {
    const token = newToken();
    const sealed = seal(token, "oauth2:secret");
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    expect(() => unseal(token, sealed)).toThrow();
  });

  test("tokens never repeat and their hashes say nothing of them", () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens).size).toBe(100);
    expect(hashToken(tokens[0] ?? "").toString("utf8")).not.toContain(tokens[0] ?? "-");
  });
});
