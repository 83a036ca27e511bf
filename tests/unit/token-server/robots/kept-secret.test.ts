import { expect, test } from "@jest/globals";
import { keptSecrets } from "#token-server/robots/kept-secret.js";
import { hashSecret } from "#token-server/robots/secret-hash.js";

test("a secret is good, and the one of before while it is kept, and no other; nobody's is none", async () => {
  const isSecretOf = keptSecrets();
  const [secretHash, previousHash] = await Promise.all([hashSecret("now"), hashSecret("before")]);
  const rotated = { secretHash, previousHash };
  const tried = (secret: string, kept: Parameters<typeof isSecretOf>[1]) =>
    isSecretOf(secret, kept);
  expect(await tried("now", rotated)).toBe(true);
  expect(await tried("before", rotated)).toBe(true);
  expect(await tried("other", rotated)).toBe(false);
  expect(await tried("before", { secretHash, previousHash: null })).toBe(false);
  expect(await tried("now", null)).toBe(false);
});
