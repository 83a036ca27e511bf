import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ExpiredToken, InvalidToken, tokenVerifier } from "#gateway/proxy/caller.js";
import { eventually } from "#tests/support/eventually.js";
import {
  ISSUER,
  newSigner,
  SERVICE,
  startTokenAuthority,
  type TokenAuthority,
} from "#tests/support/token-authority.js";

let authority: TokenAuthority;

beforeAll(async () => {
  authority = await startTokenAuthority();
});
afterAll(() => authority.server.stop());

describe("a token that was verified before", () => {
  test("is the same caller's again", async () => {
    const verifier = startVerifier();
    const header = `Bearer ${await authority.sign({ subject: "bob" })}`;
    const first = await verifier.verify(header);
    expect(first?.subject).toBe("bob");
    expect(await verifier.verify(header)).toEqual(first);
  });

  test("ends when it says, and is told apart from a wrong one", async () => {
    const verifier = startVerifier();
    const header = `Bearer ${await authority.sign({ subject: "bob", expiresIn: 2 })}`;
    expect((await verifier.verify(header))?.subject).toBe("bob");
    await eventually("the token ends", async () => {
      const error: unknown = await verifier.verify(header).then(() => null, Object);
      if (error !== null) expect(error).toBeInstanceOf(ExpiredToken);
      return error !== null;
    });
  });

  test("with anything changed in it is another one", async () => {
    const verifier = startVerifier();
    const token = await authority.sign({ subject: "bob" });
    await verifier.verify(`Bearer ${token}`);
    const [head, , signature] = token.split(".");
    const other = (await authority.sign({ subject: "mallory" })).split(".")[1] ?? "";
    await expect(verifier.verify(`Bearer ${[head, other, signature].join(".")}`)).rejects.toThrow(
      InvalidToken,
    );
  });

  test("is worth nothing when its key was withdrawn and the keys were loaded again", async () => {
    const verifier = startVerifier();
    const header = `Bearer ${await authority.sign()}`;
    await verifier.verify(header);
    authority.publish([(await newSigner()).publicJwk]);
    await verifier.refresh();
    await expect(verifier.verify(header)).rejects.toThrow("signed by an unknown key");
    authority.publish([authority.publicJwk]);
  });
});

function startVerifier() {
  return tokenVerifier({
    jwksUrl: new URL("/.well-known/jwks.json", authority.server.url),
    issuer: ISSUER,
    audience: SERVICE,
    leewaySeconds: 0,
  });
}
