import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "#gateway/commands/mode/options.js";

const DIGEST = `sha256:${"0".repeat(64)}`;

describe("npm run mode understands", () => {
  test.each([
    ["show", { name: "show", json: false }],
    ["show --json", { name: "show", json: true }],
    ["normal", { name: "normal", reason: "back to normal", unproven: false }],
    ["normal --unproven", { name: "normal", reason: "back to normal", unproven: true }],
    ["canary", { name: "canary", check: false, despiteSha512: false }],
    ["canary --check", { name: "canary", check: true, despiteSha512: false }],
    ["canary --despite-sha512", { name: "canary", check: false, despiteSha512: true }],
    ["forget one:8080", { name: "forget", gateway: "one:8080" }],
    ["end a/b:1.0", { name: "end", what: { repository: "a/b", tag: "1.0" } }],
    [`end a/b@${DIGEST}`, { name: "end", what: { repository: "a/b", digest: DIGEST } }],
    [
      "read-only --reason move",
      { name: "read-only", reason: "move", drainSeconds: 60, waitSeconds: null },
    ],
    [
      "read-only --reason move --drain 0 --wait 300",
      { name: "read-only", reason: "move", drainSeconds: 0, waitSeconds: 300 },
    ],
  ])("%s", (line, command) => {
    expect(parseCommand(line.split(" "))).toEqual(command);
  });
});

describe("npm run mode refuses", () => {
  test.each([
    ["", "wanted one of: show, read-only, normal, canary, forget, end"],
    ["readonly", "wanted one of: show, read-only, normal, canary, forget, end"],
    ["show me", "not understood: me"],
    ["end", "end: given , wanted REPOSITORY:TAG or REPOSITORY@DIGEST"],
    ["end a/b", "end: given a/b, wanted"],
    ["end a/b@1.0", "end: given a/b@1.0, wanted"],
    [`end a/b:1.0@${DIGEST}`, "wanted REPOSITORY:TAG or REPOSITORY@DIGEST"],
    ["forget", "forget: wanted the name of a gateway"],
    ["forget one two", "not understood: one two"],
    ["read-only", "--reason: wanted a text of at most 200 characters for those who push"],
    ["read-only --reason move --drain 1.5", "--drain: given 1.5, wanted 90 or 90s, 15m, 24h, 7d"],
    ["read-only --reason move --wait 86401", "--wait: given 86401, wanted 90 or 90s"],
    ["read-only --reason move --wait 25h", "--wait: given 25h, wanted 90 or 90s"],
    ["read-only --reason move --drain -1", "ambiguous"],
    ["read-only --because move", "--because"],
  ])("%s", (line, message) => {
    expect(() => parseCommand(line === "" ? [] : line.split(" "))).toThrow(message);
  });

  test("a reason that is blank or too long for an error message", () => {
    for (const reason of ["  ", "x".repeat(201)])
      expect(() => parseCommand(["read-only", "--reason", reason])).toThrow("--reason: wanted");
  });
});
