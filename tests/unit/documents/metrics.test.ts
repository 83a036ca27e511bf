import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPOSITORY_ROOT, sourceFiles } from "#tests/support/source-tree.js";

const NAMED =
  /(?:new (?:Counter|Gauge|Histogram)(?:<[^>]*>)?\(\{\s*name: |(?:counter|gauge)\(\s*)"(\w+)"/g;

const text = readFileSync(join(REPOSITORY_ROOT, "docs", "operations.md"), "utf8");
const table = /\n## Metrics\n[^]*?\n## /.exec(text)?.[0] ?? "";
const documented = [...table.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell = ""]) =>
  [...cell.matchAll(/`([\w*]+)`/g)].map(([, name = ""]) => name),
);
const counted = sourceFiles([
  "service-kit/src",
  "audit-log/src",
  "token-server/src",
  "gateway/src",
]).flatMap((file) => [...file.text.matchAll(NAMED)].map(([, name = ""]) => name));
const isOf = (pattern: string, name: string) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

test("every metric is in the table of docs/operations.md", () => {
  expect(counted.length).toBeGreaterThan(35);
  expect(counted.filter((name) => !documented.some((one) => isOf(one, name)))).toEqual([]);
});

test("the table has no metric that there is not", () => {
  expect(documented.filter((one) => !counted.some((name) => isOf(one, name)))).toEqual([]);
});
