import { describe, expect, test } from "@jest/globals";
import { operationFinder } from "#rest-api/find-operation.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";

const find = operationFinder(OPERATIONS);

function shown(method: string, target: string): string | null {
  const found = find(method, target);
  return found && [found.operation.id, ...Object.values(found.path)].join(" ");
}

describe("the path of an operation", () => {
  test.each([
    ["GET", "/alpha/app/tags/1.0", "tags.describe alpha/app 1.0"],
    ["GET", "/alpha/a/b/c/tags/1.0?x=1", "tags.describe alpha/a/b/c 1.0"],
    ["GET", "/app/tags/1.0", "tags.describe app 1.0"],
    ["GET", "/alpha/tags/tags/tags", "tags.describe alpha/tags tags"],
    ["PUT", "/alpha/app/tags/1.0/lock", "tags.lock alpha/app 1.0"],
    ["GET", "/alpha/tags/tags/lock", "tags.describe alpha/tags lock"],
    ["HEAD", "/alpha/tags/tags/lock", "tags.describe alpha/tags lock"],
    ["PUT", "/alpha/tags/tags/lock", "tags.lock alpha tags"],
    ["GET", "/alpha/tags/lock", "tags.describe alpha lock"],
    ["GET", "/alpha/app/tags/1.0/scm-source", "tags.scm-source alpha/app 1.0"],
    ["GET", "/alpha/tags/tags/scm-source", "tags.describe alpha/tags scm-source"],
    ["GET", "/alpha%2Fapp/tags/1%2E0", "tags.describe alpha/app 1.0"],
    ["GET", "/alpha%2Ftags%2Fapp/tags/1.0", "tags.describe alpha/tags/app 1.0"],
    ["PUT", "/alpha%2Ftags/tags/lock/lock", "tags.lock alpha/tags lock"],
    ["GET", "/alpha/app", "repositories.describe alpha/app"],
    ["GET", "/alpha/app/pulls", "pulls.list alpha/app"],
    ["GET", "/alpha/pulls", "pulls.list alpha"],
    ["GET", "/alpha%2Fpulls", "repositories.describe alpha/pulls"],
    ["GET", "/alpha%2fpulls/pulls", "pulls.list alpha/pulls"],
    ["GET", "/alpha/pulls/pulls", "pulls.list alpha/pulls"],
    ["GET", "/pulls", "repositories.describe pulls"],
    ["GET", "/alpha%2Ftags%2Fapp", "repositories.describe alpha/tags/app"],
    ["GET", "/alpha/tags%2Fapp", "repositories.describe alpha/tags/app"],
  ])("%s %s", (method, path, wanted) => {
    expect(shown(method, `/api/v1/repositories${path}`)).toBe(wanted);
  });

  test.each([
    ["GET", "/alpha/pulls/-", "repositories.describe alpha/pulls"],
    ["GET", "/alpha/pulls/-/pulls", "pulls.list alpha/pulls"],
    ["GET", "/alpha/tags/app/-", "repositories.describe alpha/tags/app"],
    ["GET", "/alpha/tags/-/tags/scm-source", "tags.describe alpha/tags scm-source"],
    ["GET", "/alpha/-/tags/tags/scm-source", "tags.scm-source alpha tags"],
    ["PUT", "/alpha/tags/-/tags/lock/lock", "tags.lock alpha/tags lock"],
    ["GET", "/alpha/-/alpha", null],
    ["GET", "/-/pulls", null],
    ["GET", "/-", null],
  ])("with a name that is ended by itself: %s %s", (method, path, wanted) => {
    expect(shown(method, `/api/v1/repositories${path}`)).toBe(wanted);
  });

  test("without a repository is that alone", () => {
    expect(shown("GET", "/api/v1/explain?action=pull")).toBe("access.explain");
    expect(shown("POST", "/api/v1/teams/alpha/robots/ci/rotate")).toBe("robots.rotate alpha ci");
    for (const other of ["/api/v9/explain", "/api/v1", "/api/v1/", "/api/v1/explain/", "/v2/"])
      expect(shown("GET", other)).toBeNull();
  });

  test("that cannot be decoded is refused", () => {
    expect(() => find("GET", "/api/v1/repositories/alpha%zz")).toThrow(/percent-decoded/);
  });
});

describe("a method that an operation does not have is refused", () => {
  test.each([
    ["DELETE", "/alpha/app/tags/1.0/lock", "a lock is for good", "PUT"],
    ["POST", "/alpha/app/tags/1.0/lock", "the method POST", "PUT"],
    ["GET", "/alpha/app/tags/1.0/lock", "the method GET", "PUT"],
    ["DELETE", "/alpha/tags/tags/lock", "a lock is for good", "GET, HEAD, PUT"],
    ["DELETE", "/alpha/app/tags/1.0", "the method DELETE", "GET, HEAD"],
    ["PUT", "/alpha/app/tags/1.0/scm-source", "the method PUT", "GET, HEAD"],
    ["toString", "/alpha/app/pulls", "the method toString", "GET, HEAD"],
  ])("%s %s", (method, path, message, allowed) => {
    expect(() => find(method, `/api/v1/repositories${path}`)).toThrow(
      expect.objectContaining({
        code: "METHOD_UNSUPPORTED",
        message: expect.stringContaining(message),
        headers: { Allow: allowed },
      }),
    );
  });
});
