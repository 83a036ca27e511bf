import { describe, expect, test } from "@jest/globals";
import { decideUpload } from "#gateway/uploads/upload-rules.js";

const alice = { repository: "alpha/app", kind: "oauth2", realm: "/employees", subject: "alice" };
const started = { ...alice, ageSeconds: 100 };
const good = { tokenExpired: false, capSeconds: 1_000 };
const expired = { ...good, tokenExpired: true };

describe("who may go on with an upload", () => {
  test.each([
    ["whoever started it, with a good token", started, alice, good, "own-session", true],
    ["whoever started it, with an expired token", started, alice, expired, "own-session", true],
    [
      "nobody else, even with a good token",
      started,
      { ...alice, subject: "bob" },
      good,
      "other-subject",
      false,
    ],
    [
      "nobody of the same name from another realm",
      started,
      { ...alice, realm: "/services" },
      good,
      "other-subject",
      false,
    ],
    [
      "nobody of the same name and realm who logged in another way",
      started,
      { ...alice, kind: "oidc" },
      good,
      "other-subject",
      false,
    ],
    [
      "whoever has its name, where the way to log in was not noted yet",
      { ...started, kind: null },
      alice,
      good,
      "own-session",
      true,
    ],
    [
      "nobody for another repository",
      started,
      { ...alice, repository: "alpha/x" },
      expired,
      "other-subject",
      false,
    ],
    ["nobody after the hard cap", { ...alice, ageSeconds: 1_001 }, alice, good, "too-old", false],
    [
      "anybody with a good token when the start was not noted",
      null,
      alice,
      good,
      "session-unknown",
      true,
    ],
    [
      "nobody with an expired token when the start was not noted",
      null,
      alice,
      expired,
      "session-unknown",
      false,
    ],
  ])("%s", (_title, session, asking, options, reason, allow) => {
    expect(decideUpload(session, asking, options)).toEqual({ allow, reason });
  });
});
