import { describe, expect, test } from "@jest/globals";
import { formatCursor, parsePullTarget } from "#gateway/api/pull-target.js";
import { Fault } from "#registry-protocol/faults.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const AT = "/api/v1/repositories";
const NOTHING = { tag: null, digest: null, since: null, limit: 100, cursor: null };
const CURSOR = {
  lastAt: "2026-11-20T22:53:52.888440Z",
  tag: "1.0",
  digest: DIGEST,
  caller: "x",
};

describe("requests about pulls", () => {
  test.each([
    ["/alpha/app", { about: "repository", repository: "alpha/app" }],
    ["/alpha", { about: "repository", repository: "alpha" }],
    ["/alpha/app/pulls", { about: "pulls", repository: "alpha/app" }],
    ["/alpha/pulls", { about: "pulls", repository: "alpha" }],
    ["/alpha%2Fpulls", { about: "repository", repository: "alpha/pulls" }],
    ["/alpha%2fpulls/pulls", { about: "pulls", repository: "alpha/pulls" }],
    ["/alpha%2Ftags%2Fapp", { about: "repository", repository: "alpha/tags/app" }],
    ["/alpha/tags%2Fapp", { about: "repository", repository: "alpha/tags/app" }],
    ["/pulls", { about: "repository", repository: "pulls" }],
    ["/alpha/pulls/pulls", { about: "pulls", repository: "alpha/pulls" }],
    ["/alpha/app?tag=1.0", { about: "repository", repository: "alpha/app", tag: "1.0" }],
    [
      `/alpha/app/pulls?digest=${encodeURIComponent(DIGEST)}&limit=7`,
      { about: "pulls", repository: "alpha/app", digest: DIGEST, limit: 7 },
    ],
    [
      "/alpha/app/pulls?since=2026-11-20T12:00:00%2B01:00",
      { about: "pulls", repository: "alpha/app", since: new Date("2026-11-20T11:00:00Z") },
    ],
    [
      `/alpha/app/pulls?cursor=${formatCursor(CURSOR)}`,
      { about: "pulls", repository: "alpha/app", cursor: CURSOR },
    ],
  ])("%s is understood", (target, wanted) => {
    expect(parsePullTarget(`${AT}${target}`)).toEqual({ ...NOTHING, ...wanted });
  });

  test.each([
    "/v2/alpha/app/tags/list",
    "/api/v1/repositories",
    "/api/v1/explain",
    "/api/v9/repositories/alpha/app",
  ])("%s is about something else", (target) => {
    expect(parsePullTarget(target)).toBeNull();
  });

  test.each([
    ["/Alpha/app", "NAME_INVALID"],
    ["/alpha/../app", "NAME_INVALID"],
    ["/alpha%2F..%2Fapp", "NAME_INVALID"],
    ["/alpha%252Fapp", "NAME_INVALID"],
    ["/alpha%zz", "REQUEST_INVALID"],
    ["/pulls/", "NAME_INVALID"],
    ["/alpha/app?tag=a:b", "TAG_NAME_INVALID"],
    ["/alpha/app?digest=sha256:a", "DIGEST_INVALID"],
    ["/alpha/app?since=yesterday", "REQUEST_INVALID"],
    ["/alpha/app?since=2026-13-40T00:00:00Z", "REQUEST_INVALID"],
    ["/alpha/app?since=2026", "REQUEST_INVALID"],
    ["/alpha/app?since=1", "REQUEST_INVALID"],
    ["/alpha/app?limit=0", "REQUEST_INVALID"],
    ["/alpha/app/pulls?sinc=2026-11-20T12:00:00Z", "REQUEST_INVALID"],
    ["/alpha/app?Tag=1.0", "REQUEST_INVALID"],
    ["/alpha/app?limit=1001", "REQUEST_INVALID"],
    ["/alpha/app?limit=1e2", "REQUEST_INVALID"],
    ["/alpha/app?cursor=x", "REQUEST_INVALID"],
    [`/alpha/app?cursor=${formatCursor({ ...CURSOR, lastAt: "now" })}`, "REQUEST_INVALID"],
    [`/alpha/app?cursor=${formatCursor({ ...CURSOR, tag: "\0" })}`, "REQUEST_INVALID"],
    [`/alpha/app?cursor=${formatCursor({ ...CURSOR, lastAt: "20 Nov 2026" })}`, "REQUEST_INVALID"],
    [cursorOf("2026-11-31T29:00:00.000000Z", "1.0", DIGEST, "x"), "REQUEST_INVALID"],
    [cursorOf([CURSOR.lastAt], "1.0", DIGEST, "x"), "REQUEST_INVALID"],
    [cursorOf(CURSOR.lastAt, null, DIGEST, "x"), "REQUEST_INVALID"],
    [cursorOf(CURSOR.lastAt, ["1.0"], DIGEST, "x"), "REQUEST_INVALID"],
    [cursorOf(CURSOR.lastAt, "1.0", "a\n", "x"), "REQUEST_INVALID"],
    [cursorOf(CURSOR.lastAt, "1.0", DIGEST, "x\u001b"), "REQUEST_INVALID"],
  ])("%s is refused with %s", (target, code) => {
    expect(codeOf(() => parsePullTarget(`${AT}${target}`))).toBe(code);
  });
});

function cursorOf(...parts: unknown[]): string {
  return `/alpha/app?cursor=${Buffer.from(JSON.stringify(parts)).toString("base64url")}`;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error.code;
  }
  return "none";
}
