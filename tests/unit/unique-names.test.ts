import { describe, expect, test } from "@jest/globals";
import { CHANNELS } from "#service-kit/db/channels.js";
import { SUBJECT_LOCKS, WORK_LOCKS } from "#service-kit/db/locks.js";
import { STATEMENT_NAMES } from "#service-kit/db/statement-names.js";
import { sourceFiles } from "#tests/support/source-tree.js";

const FILES = [...sourceFiles(), ...sourceFiles(["deploy/database", "deploy/local"])];

/** @returns those that are there more than once */
function twice(names: readonly unknown[]): unknown[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function filesWith(pattern: RegExp): string[] {
  return FILES.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

describe("advisory locks", () => {
  test("have a number each", () => {
    expect(twice(Object.values(WORK_LOCKS))).toEqual([]);
    expect(twice(Object.values(SUBJECT_LOCKS))).toEqual([]);
    expect(twice([...Object.keys(WORK_LOCKS), ...Object.keys(SUBJECT_LOCKS)])).toEqual([]);
  });

  test("of subjects are keys that Postgres takes", () => {
    for (const key of Object.values(SUBJECT_LOCKS)) expect(key).toBeLessThan(2 ** 31);
  });

  test("are all in the table: whoever takes one has it from there", () => {
    const takers = filesWith(/pg_(?:try_)?advisory_/);
    expect(takers.length).toBeGreaterThan(6);
    const known = filesWith(/from "(?:#service-kit\/db|\.)\/locks\.js"/);
    expect(takers.filter((path) => !known.includes(path))).toEqual([]);
    // Its keys are parameters, or written in from the table: no number, and no hash of a text alone.
    expect(filesWith(/pg_(?:try_)?advisory_\w+\(\s*(?!\$\d|\$\{TURN\})/)).toEqual([]);
  });

  test("are each taken by somebody", () => {
    const text = FILES.filter(({ path }) => !path.endsWith("db/locks.ts"))
      .map((file) => file.text)
      .join("\n");
    const names = [...Object.keys(WORK_LOCKS), ...Object.keys(SUBJECT_LOCKS)];
    const isTaken = (name: string) =>
      new RegExp(
        `_LOCKS(?:\\.${name}\\b|\\["${name}"\\])|(?:Exclusively|unless\\w+)\\([^)]*"${name}"`,
      ).test(text);
    expect(names.filter((name) => !isTaken(name))).toEqual([]);
  });
});

test("channels have a name each, and nobody tells or hears of another", () => {
  expect(twice(Object.values(CHANNELS))).toEqual([]);
  const literal =
    /\.(?:tell|on)\(\s*["'`](?!data|end|error|close|drain|finish)[a-z]+_[a-z_]+["'`]|pg_notify\(\s*'/;
  expect(filesWith(literal)).toEqual([]);
});

test("names of statements are each those of one statement", () => {
  expect(twice(STATEMENT_NAMES)).toEqual([]);
  const others = FILES.filter(({ path }) => !path.endsWith("db/statement-names.ts"));
  const uses = STATEMENT_NAMES.map((name) => {
    const calls = others.flatMap(({ text }) => [
      ...text.matchAll(new RegExp(`,\\s*"${name}",?\\s*\\)`, "g")),
    ]);
    return [name, calls.length] as const;
  });
  expect(uses.filter(([, count]) => count > 1)).toEqual([]);
});

test("metrics have a name each, over both services", () => {
  const names = FILES.filter(({ imports }) => imports.includes("prom-client")).flatMap(({ text }) =>
    [...text.matchAll(/(?:\bname:|\b(?:gauge|counter|histogram)\()\s*"([a-z]+(?:_[a-z]+)+)"/g)].map(
      ([, name]) => name,
    ),
  );
  expect(names.length).toBeGreaterThan(35);
  expect(twice(names)).toEqual([]);
});
