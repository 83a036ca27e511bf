import { describe, expect, test } from "@jest/globals";
import { parseTarget } from "#gateway/api/ask-operation.js";
import { pullPosition } from "#gateway/api/pull-cursor.js";
import { Fault } from "#registry-protocol/faults.js";
import { operationFinder } from "#rest-api/find-operation.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { TEST_SEALER } from "#tests/support/test-sealer.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const CURSOR = {
  lastAt: "2026-11-20T22:53:52.888440Z",
  tag: "1.0",
  digest: DIGEST,
  caller: "x",
};
const find = operationFinder(OPERATIONS);

function asked(target: string) {
  const found = find("GET", `/api/v1/repositories${target}`);
  if (found === null) throw new Error("no operation");
  return parseTarget(found, target, TEST_SEALER);
}

describe("what of pulls is asked for", () => {
  test.each([
    ["/alpha/app?tag=1.0", { tag: "1.0", limit: 100 }],
    [`/alpha/app/pulls?digest=${encodeURIComponent(DIGEST)}&limit=7`, { digest: DIGEST, limit: 7 }],
    [
      "/alpha/app/pulls?since=2026-11-20T12:00:00%2B01:00",
      { since: new Date("2026-11-20T11:00:00Z"), limit: 100 },
    ],
    ["/alpha/app?tag=1.0&tag=2.0", { tag: "1.0", limit: 100 }],
  ])("%s is understood", (target, wanted) => {
    expect(asked(target).query).toEqual(wanted);
  });

  test.each([
    ["/Alpha/app", "NAME_INVALID"],
    ["/alpha/../app", "NAME_INVALID"],
    ["/alpha%2F..%2Fapp", "NAME_INVALID"],
    ["/alpha%252Fapp", "NAME_INVALID"],
    ["/pulls/", "NAME_INVALID"],
    ["/a/../b/tags/1", "NAME_INVALID"],
    ["/a//b/tags/1", "NAME_INVALID"],
    ["/a/tags/.x", "TAG_NAME_INVALID"],
    ["/a/tags/1%2F2", "TAG_NAME_INVALID"],
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
  ])("%s is refused with %s", (target, code) => {
    expect(codeOf(() => asked(target))).toBe(code);
  });

  test("what a tag is asked for beside its name is passed over", () => {
    expect(asked("/alpha/app/tags/1.0?x=1").query).toEqual({});
  });
});

describe("where a page of pulls begins", () => {
  test("is read as it was shown", () => {
    expect(pullPosition.parse(CURSOR)).toEqual(CURSOR);
  });

  test.each([
    { ...CURSOR, lastAt: "now" },
    { ...CURSOR, tag: "\0" },
    { ...CURSOR, lastAt: "20 Nov 2026" },
    { ...CURSOR, lastAt: "2026-11-31T29:00:00.000000Z" },
    { ...CURSOR, lastAt: [CURSOR.lastAt] },
    { ...CURSOR, tag: null },
    { ...CURSOR, tag: ["1.0"] },
    { ...CURSOR, digest: "a\n" },
    { ...CURSOR, caller: "x\u001b" },
    "x",
  ])("is refused when it is none: %j", (place) => {
    expect(pullPosition.safeParse(place).success).toBe(false);
  });
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error.code;
  }
  return "none";
}
