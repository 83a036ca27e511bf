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

  test.each([
    ["list list --limit 3", { name: "list", limit: 3 }],
    ["list verify", { name: "verify" }],
    ["list settings", { name: "settings" }],
  ])("npm run audit takes any command by its name: %s", (line, command) => {
    expect(parse(line)).toMatchObject(command);
  });

  test("policy is asked of files that there are", () => {
    expect(parse("policy --of tags")).toMatchObject({ name: "policy", of: "tags" });
    expect(() => parse("policy --of robots")).toThrow(
      "--of: given robots, wanted access, tags or logins",
    );
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

describe("an auditor's questions", () => {
  const question = (line: string) => {
    const command = parse(line);
    return command.name === "question" ? command : null;
  };

  test("are asked with and without the word that lists", () => {
    const wanted = { name: "question", form: "csv" };
    expect(parse("list changes --from 7d --csv")).toMatchObject(wanted);
    expect(parse("changes --from 7d --csv")).toMatchObject(wanted);
  });

  test("who-pulled takes an image by tag, by digest, and by both names", () => {
    const digest = `sha256:${SHA256}`;
    expect(question("who-pulled alpha/app:1.0")?.question).toEqual({
      ...{ of: "who-pulled", from: null, to: null },
      image: { repository: "alpha/app", tag: "1.0" },
    });
    expect(question(`who-pulled ${digest}`)?.question).toMatchObject({
      image: { repository: null, digest },
    });
    expect(question(`who-pulled alpha/app@${digest} --from 24h`)?.question).toMatchObject({
      ...{ image: { repository: "alpha/app", digest }, from: new Date("2026-11-19T20:00:00Z") },
    });
  });

  test("who-could takes a moment, and somebody with teams and scopes", () => {
    const line =
      "who-could push alpha/app:1.0 --at 2026-11-01 --uid bob --team a --team b --scope s --json";
    expect(question(line)).toMatchObject({
      form: "json",
      question: {
        ...{ of: "who-could", action: "push", repository: "alpha/app", tag: "1.0" },
        at: new Date("2026-11-01T00:00:00Z"),
        somebody: {
          ...{ uid: "bob", realm: "/employees", kind: "oauth2", address: null },
          ...{ teams: ["a", "b"], scopes: ["s"] },
        },
      },
    });
    expect(question("who-could pull alpha/app")?.question).toMatchObject({ somebody: null });
  });

  test("changes are those of the last 30 days, and a report is of the quarter that is not over", () => {
    expect(question("changes")?.question).toEqual({
      ...{ of: "changes", from: new Date("2026-10-21T20:00:00Z"), to: new Date(NOW) },
    });
    expect(question("report")?.question).toMatchObject({ quarter: { name: "2026Q4" } });
    expect(question("report --quarter 2026q1")?.question).toMatchObject({
      quarter: { from: new Date("2026-01-01"), to: new Date("2026-04-01") },
    });
  });

  test.each([
    ["who-pulled", "wanted REPOSITORY@DIGEST"],
    ["who-pulled alpha/app", "who-pulled: invalid tag name"],
    ["who-pulled ALPHA:1", "who-pulled: invalid repository name"],
    ["who-could steal alpha/app", "wanted one of pull, push, delete"],
    ["who-could push alpha/app --uid bob --kind spy", "--kind: given spy"],
    ["changes --from 1h --to 2h", "--from is not before --to"],
    ["changes --csv --json", "only one of them"],
    ["report --quarter 2026Q5", "wanted one as in 2026Q4"],
    ["report --quarter 2027Q1", "2027Q1 has not begun"],
    ["archive --month 2026-13 --to /a", "--month: given 2026-13"],
    ["archive --month 2026-10", "--to: wanted a folder"],
    ["archive --month 2026-10 --to /a --by olga", "--by: wanted --remove, too"],
    ["verify --blobs", "--blobs: wanted --registry, too"],
    ["verify --parts", "--parts: wanted --registry, too"],
  ])("%s is refused", (line, said) => {
    expect(() => parse(line)).toThrow(said);
  });

  test("a month is archived to a folder, and a folder of archives is verified", () => {
    expect(parse("list archive --month 2026-10 --to /a")).toMatchObject({
      ...{ name: "archive", folder: "/a", month: { name: "2026-10" } },
    });
    expect(parse("archive --month 2026-10 --to /a")).toMatchObject({ removal: null });
    for (const by of [undefined, "olga"])
      expect(
        parse(`archive --month 2026-10 --to /a --remove${by === undefined ? "" : ` --by ${by}`}`),
      ).toMatchObject({ removal: { by } });
    expect(parse("verify --archive /a")).toMatchObject({ name: "verify", archive: "/a" });
    expect(parse("verify")).toMatchObject({ archive: null });
  });
});
