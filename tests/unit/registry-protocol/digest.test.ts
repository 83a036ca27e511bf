import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import {
  digestOf,
  isDigest,
  parseDigest,
  refuseUnknownAlgorithm,
} from "#registry-protocol/digest.js";

const SHA256 = `sha256:${"0123456789abcdef".repeat(4)}`;
const SHA384 = `sha384:${"0123456789abcdef".repeat(6)}`;
const SHA512 = `sha512:${"0123456789abcdef".repeat(8)}`;

const BAD = [
  ["nothing at all", ""],
  ["no algorithm", "0".repeat(64)],
  ["an empty algorithm", `:${"0".repeat(64)}`],
  ["one digit too few", SHA256.slice(0, -1)],
  ["one digit too many", `${SHA256}0`],
  ["upper case digits", SHA256.toUpperCase().replace("SHA256", "sha256")],
  ["an upper case algorithm", SHA256.replace("sha256", "SHA256")],
  ["a letter that is no digit", SHA256.replace("f", "g")],
  ["the length of another algorithm", SHA512.replace("sha512", "sha256")],
  ["an unknown algorithm", `md5:${"0".repeat(32)}`],
  ["a property of every object as algorithm", `constructor:${"0".repeat(64)}`],
  ["a second colon", `sha256:${"0".repeat(31)}:${"0".repeat(32)}`],
  ["a line break at the end", `${SHA256.slice(0, -1)}\n`],
] as const;

describe("digests", () => {
  test.each([SHA256, SHA384, SHA512])("%s is accepted as it is", (digest) => {
    expect(parseDigest(digest)).toBe(digest);
  });

  test.each(BAD)("a digest with %s is refused with DIGEST_INVALID", (_what, digest) => {
    expect(isDigest(digest)).toBe(false);
    expect(() => parseDigest(digest)).toThrow(expect.objectContaining({ code: "DIGEST_INVALID" }));
  });

  test("an algorithm is refused that registries do not know", () => {
    for (const known of ["sha256", "sha384", "sha512"])
      expect(() => {
        refuseUnknownAlgorithm(known);
      }).not.toThrow();
    for (const unknown of ["md5", "SHA256", "constructor", ""])
      expect(() => {
        refuseUnknownAlgorithm(unknown);
      }).toThrow(expect.objectContaining({ code: "DIGEST_INVALID" }));
  });

  test("content is addressed by sha256 when nothing else is asked for", () => {
    const content = Buffer.from("wharf");
    const hex = createHash("sha256").update(content).digest("hex");
    expect(digestOf(content)).toBe(`sha256:${hex}`);
  });

  test.each([
    ["sha384", SHA384],
    ["sha512", SHA512],
  ])("content is addressed by %s when it is compared with such a digest", (algorithm, like) => {
    const content = Buffer.from("wharf");
    const hex = createHash(algorithm).update(content).digest("hex");
    expect(digestOf(content, parseDigest(like))).toBe(`${algorithm}:${hex}`);
  });
});
