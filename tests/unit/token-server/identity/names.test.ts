import { describe, expect, test } from "@jest/globals";
import { makeLogin, type NamedKind } from "#token-server/identity/make-login.js";
import { isRealm, isReservedUid, isRobotUid, isSafeUid } from "#token-server/identity/names.js";

describe("a uid", () => {
  test.each([
    "alice",
    "carol@example.org",
    "repo:acme/app:ref:refs/heads/main",
    "O'Brien, Conan",
    "EXAMPLE\\carol",
    "host$",
  ])("may be %j", (uid) => {
    expect(isSafeUid(uid)).toBe(true);
  });

  test.each([
    ["empty", ""],
    ["in another form of Unicode than NFC", "rene\u0301"],
    ["of more than 255 bytes, though of fewer characters", "\u00e4".repeat(200)],
    ["a way through folders", "a/../b"],
    ["of two lines", "a\nb"],
    ["a pattern", "a*"],
  ])("is none where it is %s", (_what, uid) => {
    expect(isSafeUid(uid)).toBe(false);
  });

  test.each(["oauth2", "OAuth2", "oidc", "anonymous", "robot-alpha-ci", "Robot-alpha-ci"])(
    "with a meaning of its own: %s",
    (uid) => {
      expect(isReservedUid(uid)).toBe(true);
    },
  );

  test("of a company's robot is none of ours", () => {
    expect([isRobotUid("robot-ci"), isReservedUid("robot-ci")]).toEqual([false, false]);
  });
});

test.each(["/", "/..", "/.", "/a/b", "employees", "/a b"])("a realm is not %j", (realm) => {
  expect(isRealm(realm)).toBe(false);
});

describe("a login", () => {
  const made = (kind: NamedKind, uid: string, realm: string) => () =>
    makeLogin(kind, { uid, realm });

  test.each<[NamedKind, string, string]>([
    ["oauth2", "alice", "/employees"],
    ["oauth2", "alice", ""],
    ["robot", "robot-alpha-ci", "/robots"],
    ["machine", "i-0123", "/machines"],
  ])("is made of kind %s: %s in %s", (kind, uid, realm) => {
    expect(made(kind, uid, realm)().identity).toMatchObject({ kind, uid, realm });
  });

  test.each<[string, NamedKind, string, string]>([
    ["characters", "oauth2", "a\nb", "/employees"],
    ["realm is none", "oauth2", "alice", "/.."],
    ["kept for logins of kind robot", "oauth2", "alice", "/robots"],
    ["kept for logins of kind machine", "robot", "robot-alpha-ci", "/machines"],
    ["kept for another kind", "oidc", "oauth2", "/employees"],
    ["kept for another kind", "oidc", "robot-alpha-ci", "/employees"],
    ["kept for another kind", "robot", "alice", "/robots"],
  ])("is refused (%s) of kind %s: %j in %s", (reason, kind, uid, realm) => {
    expect(made(kind, uid, realm)).toThrow(reason);
  });
});
