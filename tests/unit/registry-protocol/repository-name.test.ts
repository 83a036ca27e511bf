import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Fault } from "#registry-protocol/faults.js";
import {
  isRepositoryName,
  isTeamName,
  parseRepositoryName,
  splitRepositoryName,
} from "#registry-protocol/repository-name.js";
import { repositoryNames } from "#tests/support/arbitraries.js";

const LONGEST = `${"a".repeat(127)}/${"b".repeat(127)}`;

const GOOD = [
  "app",
  "alpha/app",
  "alpha/app/backend/v2",
  "0/1",
  "a.b/c_d",
  "a__b/c",
  "a-b/c--d---e",
  "blobs/uploads",
  "manifests/tags/list",
  LONGEST,
];

const BAD = [
  ["nothing at all", ""],
  ["an upper case letter", "Alpha/app"],
  ["a leading slash", "/alpha/app"],
  ["a trailing slash", "alpha/app/"],
  ["an empty component", "alpha//app"],
  ["a dot segment", "alpha/./app"],
  ["a parent segment", "alpha/../app"],
  ["a percent sign", "alpha%2fapp"],
  ["an encoded parent segment", "alpha/%2e%2e/app"],
  ["a leading separator", "-alpha/app"],
  ["a trailing separator", "alpha/app-"],
  ["two dots in a row", "alpha/a..b"],
  ["three underscores in a row", "alpha/a___b"],
  ["mixed separators in a row", "alpha/a.-b"],
  ["a colon", "host:5000/app"],
  ["a space", "alpha/my app"],
  ["a backslash", "alpha\\app"],
  ["a null byte", "alpha/app\0"],
  ["a line break at the end", "alpha/app\n"],
  ["a letter outside ASCII", "alpha/äpp"],
  ["256 characters", `${LONGEST}b`],
] as const;

describe("repository names", () => {
  test.each(GOOD)("the name %s is accepted as it is", (name) => {
    expect(parseRepositoryName(name)).toBe(name);
  });

  test.each(BAD)("a name with %s is refused with NAME_INVALID", (_what, name) => {
    expect(isRepositoryName(name)).toBe(false);
    expect(() => parseRepositoryName(name)).toThrow(
      expect.objectContaining({ code: "NAME_INVALID" }),
    );
  });

  test("a refusal repeats no more than the beginning of an over-long name", () => {
    const refusal = refusalOf("A".repeat(100_000));
    expect(JSON.stringify(refusal.detail).length).toBeLessThan(200);
  });

  test("a name that is still encoded is told so, and no other one", () => {
    expect(refusalOf("alpha%2fapp").message).toMatch(/% is left after/);
    expect(refusalOf("Alpha/app").message).not.toMatch(/%/);
  });

  test.each([
    ["alpha", true],
    ["a-b.c", true],
    ["alpha/app", false],
    ["Alpha", false],
    ["", false],
  ])("a team may be named %j: %s", (name, may) => {
    expect(isTeamName(name)).toBe(may);
  });

  test("the namespace is the first component, and the artifact all the rest", () => {
    const name = parseRepositoryName("alpha/app/backend");
    expect(splitRepositoryName(name)).toEqual({ namespace: "alpha", artifact: "app/backend" });
  });

  test("a name of one component is a namespace without an artifact", () => {
    expect(splitRepositoryName(parseRepositoryName("alpha"))).toEqual({
      namespace: "alpha",
      artifact: "",
    });
  });

  test("whatever the grammar produces is accepted and can be put together again from its parts", () => {
    fc.assert(
      fc.property(repositoryNames(), (name) => {
        const { namespace, artifact } = splitRepositoryName(parseRepositoryName(name));
        expect(artifact === "" ? namespace : `${namespace}/${artifact}`).toBe(name);
      }),
    );
  });

  test("a name with a dot segment, an empty segment or a percent sign is never accepted", () => {
    const poison = fc.constantFrom("..", ".", "", "%2e%2e", "%2F", "%00");
    const parts = fc.array(fc.constantFrom("alpha", "app", "v2"), { maxLength: 3 });
    fc.assert(
      fc.property(parts, poison, parts, (before, bad, after) => {
        expect(isRepositoryName([...before, bad, ...after].join("/"))).toBe(false);
      }),
    );
  });

  test("a hostile name of the greatest length is refused without trying every way to split it", () => {
    const hostile = [`${"a-".repeat(127)}!`, `${"a/".repeat(127)}!`, "a".repeat(254) + "!"];
    for (const name of hostile) expect(isRepositoryName(name)).toBe(false);
  });
});

function refusalOf(name: string): Fault {
  try {
    parseRepositoryName(name);
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error("the name was not refused");
}
