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
      limit: null,
      filter: {
        since: new Date("2026-11-19T20:00:00Z"),
        until: new Date("2026-11-20T00:00:00Z"),
        repository: "alpha/app",
        ...{ action: null, actor: null, tag: null, digest: null },
      },
    });
  });

  test("list takes names of all that an entry says, and how many are wanted", () => {
    const digest = `sha256:${SHA256}`;
    const names = `--actor alice --tag 1.0 --digest ${digest} --action tag.pushed --limit 20`;
    expect(parse(`list ${names}`)).toMatchObject({
      limit: 20,
      filter: { actor: "alice", tag: "1.0", digest, action: "tag.pushed" },
    });
  });

  test.each([
    ["list --action tag.pusht", "--action: given tag.pusht, wanted one of tag.pushed, tag.adopted"],
    ["list --since 1h --until 24h", "--since 1h is not before --until 24h"],
    ["list --since 2026-11-20 --until 2026-11-20", "is not before"],
    ["list --repository Alpha/app", "--repository: "],
    ["list --tag a/b", "--tag: "],
    ["list --digest sha256:1", "--digest: "],
    ["list --limit 0", "--limit: given 0"],
    ["list --limit some", "--limit: given some"],
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
