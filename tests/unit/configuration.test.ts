import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT, sourceFiles } from "#tests/support/source-tree.js";

/** A setting is read by a call of the reader. */
const CALL = /read\s*\.\w+\(\s*"([A-Z][A-Z0-9_]+)"/g;
const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");

describe("the configuration", () => {
  const variables = new Set(
    sourceFiles().flatMap(({ text }) => [...text.matchAll(CALL)].map((match) => match[1] ?? "")),
  );
  const documented = new Set(
    [...read("README.md").matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map((m) => m[1] ?? ""),
  );

  test("is found in the sources at all", () => {
    expect(variables.size).toBeGreaterThan(30);
  });

  test("stands in the README, every variable of it", () => {
    expect([...variables].filter((name) => !documented.has(name))).toEqual([]);
  });
});
