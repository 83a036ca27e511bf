import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { BOUND_SETTINGS } from "#registry-protocol/manifest/bounds.js";
import { KNOWN_VARIABLES } from "#service-kit/known-variables.js";
import { COMMANDS, GATEWAY, TOKEN_SERVER } from "#tests/documents/programs.js";
import { record, type Recording } from "#tests/documents/recording-reader.js";
import {
  BEGIN,
  DOCUMENT,
  END,
  variableTables,
  withTables,
} from "#tests/documents/variable-tables.js";
import { REPOSITORY_ROOT, sourceFiles } from "#tests/support/source-tree.js";

/** A setting is read by a call of the reader. */
const CALL = /read\s*\.\w+\(\s*"([A-Z][A-Z0-9_]+|[a-z]+_proxy)"/g;
const TEXT = readFileSync(join(REPOSITORY_ROOT, DOCUMENT), "utf8");
const RECORDINGS = [TOKEN_SERVER, GATEWAY, ...COMMANDS].map(
  ({ name, read }): Recording & { name: string } => ({ name, ...record(read) }),
);
const RECORDED = new Set(RECORDINGS.flatMap(({ names }) => [...names]).filter(isOurs));

describe("the configuration", () => {
  const variables = new Set(
    sourceFiles().flatMap(({ text }) => [...text.matchAll(CALL)].map((match) => match[1] ?? "")),
  );
  const documented = new Set(
    [...TEXT.matchAll(/`([A-Z][A-Z0-9_]+|[a-z]+_proxy)`/g)].map((m) => m[1] ?? ""),
  );

  test("is found in the sources at all", () => {
    expect(variables.size).toBeGreaterThan(30);
  });

  test("stands in docs/configuration.md, every variable of it", () => {
    expect([...variables].filter((name) => !documented.has(name))).toEqual([]);
    expect([...RECORDED].filter((name) => !documented.has(name))).toEqual([]);
  });

  test("is read where the tables are made, every variable that the sources read", () => {
    expect([...variables].filter((name) => !RECORDED.has(name))).toEqual([]);
  });

  test("has no other variables than those that are known", () => {
    expect([...RECORDED].sort()).toEqual([...KNOWN_VARIABLES]);
  });

  test("names the bounds of manifests as the errors do", () => {
    expect(Object.values(BOUND_SETTINGS).filter((name) => !RECORDED.has(name))).toEqual([]);
  });
});

describe("the tables of variables", () => {
  test("say what the code says: npm run docs:variables", () => {
    expect(cellsOf(TEXT)).toEqual(cellsOf(withTables(`${BEGIN}${END}`, variableTables())));
  });

  test.each(RECORDINGS)("describe all that is read: $name", ({ names, variables }) => {
    const described = variables.flatMap(({ name, isSecret }) =>
      isSecret ? [name, `${name}_FILE`] : [name],
    );
    const elsewhere = RECORDINGS.flatMap((one) => one.variables.map(({ name }) => name));
    const missing = [...names].filter((one) => !described.includes(one) && isOurs(one));
    expect(missing.filter((one) => !elsewhere.includes(one))).toEqual([]);
  });

  test.each(RECORDINGS)("describe each once: $name", ({ name: program, variables }) => {
    const told = new Map<string, Set<string>>();
    for (const { name, meaning } of variables)
      told.set(name, (told.get(name) ?? new Set()).add(meaning));
    // It reads the stack's settings, and the database's.
    if (program.includes("collect-garbage")) expect(told.has("DATA_DIR")).toBe(true);
    expect([...told].filter(([, meanings]) => meanings.size > 1)).toEqual([]);
  });

  test("say what is required and where a secret may be", () => {
    const secret = /^\| `NOTIFICATION_SECRET` or `NOTIFICATION_SECRET_FILE` \|.*$/m;
    expect(secret.exec(TEXT.replace(/ +/g, " "))?.[0]).toContain("| required |");
  });
});

/** Headings and cells between the two lines, however wide the tables are written. */
function cellsOf(text: string): string[] {
  const between = text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END));
  const lines = between.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "" && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) => line.replace(/\s*\|\s*/g, " | ").trim());
}

/** Others' variables are the AWS SDK's. */
function isOurs(name: string): boolean {
  return !name.startsWith("AWS_");
}
