import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "#audit-log/commands/options.js";

const NOW = Date.parse("2026-11-20T20:00:00Z");
const SHA256 = "0".repeat(64);
const parse = (line: string) => parseCommand(line.split(" ").filter(Boolean), NOW);

describe("the auditor's commands", () => {
  test.each([
    ["verify", null],
    ["verify --registry", { url: null }],
    ["verify --registry http://registry:5000/", { url: "http://registry:5000" }],
    [`verify --registry --kept 7:${SHA256}`, { url: null }],
  ])("%s", (line, registry) => {
    expect(parse(line)).toMatchObject({ name: "verify", registry });
  });

  test("verify takes checkpoints as the gateway logged them", () => {
    const command = parse(`verify --kept 7:${SHA256} --kept 8:${SHA256}`);
    expect(command).toMatchObject({
      kept: [
        { number: 7, sha256: SHA256 },
        { number: 8, sha256: SHA256 },
      ],
    });
  });

  test("list takes times as dates, and as so long ago", () => {
    expect(parse("list --since 24h --until 2026-11-20 --repository alpha/app --json")).toEqual({
      name: "list",
      json: true,
      filter: {
        since: new Date("2026-11-19T20:00:00Z"),
        until: new Date("2026-11-20T00:00:00Z"),
        repository: "alpha/app",
        action: null,
      },
    });
  });

  test.each([
    ["", "wanted one of"],
    ["prove", "wanted one of"],
    ["verify --registry nonsense", "--registry: given nonsense"],
    ["verify --kept 7", "--kept: given 7"],
    ["verify --json", "--json"],
    ["list --since yesterday", "given yesterday"],
    ["list alpha/app", "alpha/app"],
  ])("%p is refused with what is wrong", (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});
