import { describe, expect, test } from "@jest/globals";
import { isDeletable } from "#tag-policy/deletable.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { methodUnsupported, parseTagTarget } from "#gateway/api/tag-target.js";

describe("the path of a tag", () => {
  test.each([
    ["GET", "/alpha/app/tags/1.0", "tag alpha/app 1.0"],
    ["GET", "/alpha/a/b/c/tags/1.0?x=1", "tag alpha/a/b/c 1.0"],
    ["GET", "/app/tags/1.0", "tag app 1.0"],
    ["GET", "/alpha/tags/tags/tags", "tag alpha/tags tags"],
    ["PUT", "/alpha/app/tags/1.0/lock", "lock alpha/app 1.0"],
    ["DELETE", "/alpha/app/tags/1.0/lock", "lock alpha/app 1.0"],
    ["GET", "/alpha/app/tags/1.0/lock", "lock alpha/app 1.0"],
    ["GET", "/alpha/tags/tags/lock", "tag alpha/tags lock"],
    ["HEAD", "/alpha/tags/tags/lock", "tag alpha/tags lock"],
    ["PUT", "/alpha/tags/tags/lock", "lock alpha tags"],
    ["GET", "/alpha/tags/lock", "tag alpha lock"],
    ["GET", "/alpha/app/tags/1.0/scm-source", "scm-source alpha/app 1.0"],
    ["GET", "/alpha/tags/tags/scm-source", "tag alpha/tags scm-source"],
    ["GET", "/alpha%2Fapp/tags/1%2E0", "tag alpha/app 1.0"],
    ["GET", "/alpha%2Ftags%2Fapp/tags/1.0", "tag alpha/tags/app 1.0"],
    ["PUT", "/alpha%2Ftags/tags/lock", "tag alpha/tags lock"],
    ["PUT", "/alpha%2Ftags/tags/lock/lock", "lock alpha/tags lock"],
    ["GET", "/alpha%2Ftags%2Fapp", null],
    ["GET", "/alpha%2Fpulls", null],
    ["GET", "/alpha/app", null],
    ["GET", "/alpha/app/tags", null],
    ["GET", "/tags/1.0", null],
    ["GET", "/alpha/app/tags/1.0/other", null],
    ["PUT", "/tags/1.0/lock", null],
    ["PUT", "/alpha/app/tag/1.0/lock", null],
  ])("%s %s", (method, path, wanted) => {
    const found = parseTagTarget(method, `/api/v1/repositories${path}`);
    const text = found === null ? null : `${found.about} ${found.repository} ${found.tag}`;
    expect(text).toBe(wanted);
  });

  test.each([
    "/Alpha/tags/1",
    "/a/../b/tags/1",
    "/a//b/tags/1",
    "/a%252Fb/tags/1",
    "/a/tags/.x",
    "/a/tags/1%2F2",
  ])("%s is refused", (path) => {
    expect(() => parseTagTarget("GET", `/api/v1/repositories${path}`)).toThrow(/invalid/);
  });

  test("another endpoint is not its affair", () => {
    expect(parseTagTarget("GET", "/api/v1/explain")).toBeNull();
    expect(parseTagTarget("GET", "/api/v9/repositories/alpha/app/tags/1.0")).toBeNull();
  });
});

describe("a method that is not supported is refused", () => {
  test.each([
    ["DELETE", "lock", "a lock is for good", "PUT"],
    ["POST", "lock", "the method POST", "PUT"],
    ["DELETE", "tag", "the method DELETE", "GET, HEAD"],
    ["PUT", "scm-source", "the method PUT", "GET, HEAD"],
  ] as const)("%s of a %s", (method, about, message, allowed) => {
    const fault = methodUnsupported(method, about);
    expect(fault).toMatchObject({ code: "METHOD_UNSUPPORTED", headers: { Allow: allowed } });
    expect(fault.message).toContain(message);
  });
});

describe("whether a tag may be deleted", () => {
  test.each<[TagRule["mutability"], Partial<TagRule>, locked: boolean, wanted: boolean]>([
    ["mutable", {}, false, true],
    ["mutable", {}, true, false],
    ["mutable", { deletable: true }, true, false],
    ["mutable", { deletable: false }, false, false],
    ["mutable", { appendOnly: true }, false, false],
    ["mutable", { appendOnly: true, deletable: true }, false, true],
    ["immutable", {}, false, false],
    ["immutable", { deletable: true }, false, true],
    ["immutable", { deletable: true }, true, false],
    ["forbidden", {}, false, false],
    ["forbidden", { deletable: true }, false, true],
    ["forbidden", { deletable: true }, true, false],
  ])("%s %j, locked %s: %s", (mutability, more, locked, wanted) => {
    expect(isDeletable({ mutability, name: "a", ...more }, locked)).toBe(wanted);
  });
});
