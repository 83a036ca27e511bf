import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ExpiredToken, InvalidToken, tokenVerifier } from "#gateway/proxy/caller.js";
import { keyRefresher } from "#gateway/proxy/key-refresher.js";
import { gatewayClocks } from "#tests/support/clocks.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT } from "#tests/support/ledger.js";
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

  test("is worth nothing on a gateway that nobody asks anything, soon after its key was withdrawn", async () => {
    const verifier = startVerifier();
    const header = `Bearer ${await authority.sign()}`;
    await verifier.verify(header);
    const refresher = keyRefresher(verifier, SILENT, 50);
    await refresher.start();
    authority.publish([(await newSigner()).publicJwk]);
    // A token of a key that is known makes nobody ask.
    await eventually("it asks by itself", () => verifier.verify(header).then(() => false, () => true)); // prettier-ignore
    await refresher.stop();
    await expect(verifier.verify(header)).rejects.toThrow("signed by an unknown key");
    authority.publish([authority.publicJwk]);
  });
});

test("a token is signed by ES256 or RS256, whatever else its key could do", async () => {
  const signer = await newSigner("RS256");
  const forAnything = Object.entries(signer.publicJwk).filter(([name]) => name !== "alg");
  const other = await startTokenAuthority();
  other.publish([Object.fromEntries(forAnything)]);
  const verifier = startVerifier({ authority: other });
  const signedBy = async (alg: string) =>
    verifier.verify(`Bearer ${await signer.sign({}, { alg })}`);
  expect((await signedBy("RS256"))?.subject).toBe("alice");
  for (const alg of ["RS384", "RS512"]) await expect(signedBy(alg)).rejects.toThrow(InvalidToken);
  await other.server.stop();
});

describe("while the token server is away", () => {
  test("or answers what is no list of keys, none of them becomes younger by it", async () => {
    const odd = await startTokenAuthority();
    let ahead = 0;
    const verifier = startVerifier({ authority: odd, now: () => Date.now() + ahead });
    await verifier.verify(`Bearer ${await odd.sign({ subject: "bob", expiresIn: 7_200 })}`);
    const nameless = Object.fromEntries(
      Object.entries(odd.publicJwk).filter(([name]) => name !== "kid"),
    );
    odd.publish([nameless]);
    ahead = 3_700_000;
    const other = `Bearer ${await odd.sign({ subject: "carol", expiresIn: 7_200 })}`;
    await expect(verifier.verify(other)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await odd.server.stop();
  });

  test("its keys count for a stated time, and after that nothing is decided", async () => {
    const away = await startTokenAuthority();
    let ahead = 0;
    const verifier = startVerifier({ authority: away, now: () => Date.now() + ahead });
    const header = `Bearer ${await away.sign({ subject: "bob", expiresIn: 7_200 })}`;
    await verifier.verify(header);
    await away.server.stop();
    ahead = 3_500_000;
    expect((await verifier.verify(header))?.subject).toBe("bob");
    ahead = 3_700_000;
    await expect(verifier.verify(header)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const other = `Bearer ${await away.sign({ subject: "carol", expiresIn: 7_200 })}`;
    await expect(verifier.verify(other)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

function startVerifier(
  options: { readonly authority?: TokenAuthority; readonly now?: () => number } = {},
) {
  return tokenVerifier({
    jwksUrls: [new URL("/.well-known/jwks.json", (options.authority ?? authority).server.url)],
    issuer: ISSUER,
    audience: SERVICE,
    leewaySeconds: 0,
    keysMaxAgeSeconds: 3_600,
    clocks: gatewayClocks(options.now),
    ...(options.now === undefined ? {} : { now: options.now }),
  });
}
