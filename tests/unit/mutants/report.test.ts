import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { findGuards } from "#tests/mutants/find-guards.js";
import type { Line } from "#tests/mutants/notice.js";
import { keptOutcomes, NOTICED_FILE, noticedBefore, noticedList } from "#tests/mutants/noticed.js";
import { reportOf } from "#tests/mutants/report.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const GUARDS = findGuards(
  "sample.ts",
  `function f() { if (a) return null; if (b) return null; if (c) return null; if (d) return null; return x; }`,
);
const [A = "", B = "", C = ""] = GUARDS.map(({ id }) => id);
const line = (id: string, test: string, said: Line["said"]): Line => ({
  ...{ id, test, said },
  ...{ hash: "", title: "somebody is kept out" },
});

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  const lines = [
    line(A, "tests/unit/one.test.ts", "passed"),
    line(A, "tests/attacks/two.test.ts", "noticed"),
    line(B, "tests/unit/one.test.ts", "passed"),
    line(C, "tests/unit/one.test.ts", "slow"),
    line("a guard that there was", "tests/unit/one.test.ts", "noticed"),
  ];
  const text = lines.map((one) => `${JSON.stringify(one)}\n`).join("");
  await writeFile(join(folder.path, "results.ndjson"), text);
});
afterAll(() => folder.remove());

describe("what earlier runs found", () => {
  test("tells of each guard what became of it, and which is new", () => {
    expect([...keptOutcomes(folder.path, GUARDS).values()].map(({ is }) => is)).toEqual([
      "noticed",
      "survived",
      "waited for",
      "new",
    ]);
  });

  test("is known from other machines too, by who noticed there", () => {
    const before = new Map([[B, "tests/unit/three.test.ts"]]);
    expect(keptOutcomes(folder.path, GUARDS, before).get(B)).toEqual({
      ...{ is: "noticed", test: "tests/unit/three.test.ts", title: "" },
    });
  });

  test("is counted in the report, where a new guard counts as nobody's", () => {
    const { summary, text } = reportOf(GUARDS, keptOutcomes(folder.path, GUARDS));
    const rows = [
      "| guards | 4 |",
      "| noticed by an attack | 1 |",
      "| a test waits in vain without it | 1 |",
      "| not noticed | 1 |",
      "| new since the last run, not asked yet | 1 |",
    ];
    for (const row of rows) expect(summary).toContain(row);
    expect(text).not.toContain("`d` (false)");
  });

  test("names who noticed a guard", () => {
    expect(noticedList(GUARDS, keptOutcomes(folder.path, GUARDS))).toBe(
      `${A}\ttests/attacks/two.test.ts\n`,
    );
  });
});

test("the report counts as noticed what is listed as noticed", () => {
  const report = readFileSync(join(REPOSITORY_ROOT, "tests/mutants/report.md"), "utf8");
  const counted = [...report.matchAll(/^\| noticed by .* \| (\d+) \|$/gm)].map(([, n]) =>
    Number(n),
  );
  const listed = readFileSync(join(REPOSITORY_ROOT, NOTICED_FILE), "utf8").trimEnd().split("\n");
  expect(listed).toHaveLength(counted.reduce((sum, n) => sum + n));
  expect(noticedBefore(REPOSITORY_ROOT).has(listed[0]?.split("\t")[0] ?? "")).toBe(true);
});
