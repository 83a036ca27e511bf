import { expect, test } from "@jest/globals";
import { hashSecret, newSecret, verifySecret } from "#token-server/robots/secret-hash.js";

test("a secret belongs to its own hash, and to nothing else that may be stored", async () => {
  const secret = newSecret();
  const stored = await hashSecret(secret);
  const shown = await Promise.all(
    [stored, await hashSecret(newSecret()), stored.slice(0, -8), "scrypt$$", ""].map((one) =>
      verifySecret(secret, one),
    ),
  );
  expect(shown).toEqual([true, false, false, false, false]);
});
