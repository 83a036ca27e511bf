import fc from "fast-check";
import { isRepositoryName } from "#registry-protocol/repository-name.js";

const LOWER = "abcdefghijklmnopqrstuvwxyz0123456789".split("");
const HEX = "0123456789abcdef".split("");
const SEPARATORS = [".", "_", "__", "-", "--", "---"];
/** Words that also stand between name and reference in the registry's paths. */
const ROUTE_WORDS = ["blobs", "manifests", "tags", "list", "uploads", "referrers", "v2"];

function word(): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...LOWER), { minLength: 1, maxLength: 5 }).map((c) => c.join(""));
}

function component(): fc.Arbitrary<string> {
  const more = fc.array(fc.tuple(fc.constantFrom(...SEPARATORS), word()), { maxLength: 2 });
  const plain = fc
    .tuple(word(), more)
    .map(([first, rest]) => first + rest.map(([separator, next]) => separator + next).join(""));
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    { weight: 1, arbitrary: fc.constantFrom(...ROUTE_WORDS) },
  );
}

/** @returns well-formed repository names, among them those made of the route words of the registry API */
export function repositoryNames(): fc.Arbitrary<string> {
  return fc
    .array(component(), { minLength: 1, maxLength: 4 })
    .map((components) => components.join("/"))
    .filter(isRepositoryName);
}

/** @returns well-formed tags */
export function tags(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/);
}

/** @returns well-formed digests */
export function digests(): fc.Arbitrary<string> {
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(...HEX), { minLength: length, maxLength: length })
      .map((digits) => digits.join(""));
  return fc.oneof(
    hex(64).map((digits) => `sha256:${digits}`),
    hex(96).map((digits) => `sha384:${digits}`),
    hex(128).map((digits) => `sha512:${digits}`),
  );
}
