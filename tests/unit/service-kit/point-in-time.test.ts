import { describe, expect, test } from "@jest/globals";
import { parseCommand as parseOutbox } from "#gateway/commands/outbox/options.js";
import { wantsHelp } from "#service-kit/command.js";
import { pointInTime } from "#service-kit/point-in-time.js";

const NOW = Date.parse("2026-11-20T20:00:00Z");

describe("a point in time on a command line", () => {
  test.each([
    ["90m", "2026-11-20T18:30:00.000Z"],
    ["24h", "2026-11-19T20:00:00.000Z"],
    ["7d", "2026-11-13T20:00:00.000Z"],
    ["2026-11-20", "2026-11-20T00:00:00.000Z"],
    ["2026-11-20T10:00:00+01:00", "2026-11-20T09:00:00.000Z"],
  ])("%s", (text, wanted) => {
    expect(pointInTime("--since", text, NOW).toISOString()).toBe(wanted);
    expect(parseOutbox(["replay", "--since", text], NOW)).toMatchObject({
      selection: { since: new Date(wanted) },
    });
  });

  test.each(["", "1w", "yesterday", "24", "2026-13-45"])("is not %j", (text) => {
    expect(() => pointInTime("--since", text, NOW)).toThrow(/^--since: given .*wanted a time/);
  });
});

test.each([
  [["--help"], true],
  [["-h"], true],
  [["help"], true],
  [["list", "--help"], true],
  [["list", "help"], false],
  [[], false],
])("%j asks how a command is used: %s", (argv, wanted) => {
  expect(wantsHelp(argv)).toBe(wanted);
});
