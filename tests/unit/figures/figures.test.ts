import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spreadOf } from "#tests/figures/figures.js";
import { circlesBetweenFolders, longestChain } from "#tests/figures/graph.js";
import { readSources } from "#tests/figures/sources.js";
import { dependencyObjects } from "#tests/figures/widest.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

/** Members that a dependency object may have below the wiring. */
const MOST_MEMBERS = 8;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

function write(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder.path;
}

describe("the product's sources", () => {
  const sources = readSources(REPOSITORY_ROOT);

  test("have no circle between folders", () => {
    expect(circlesBetweenFolders(sources)).toEqual([]);
  });

  test(`give no function more than ${MOST_MEMBERS} parts at once, below the wiring`, () => {
    const all = dependencyObjects(REPOSITORY_ROOT, sources);
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(({ members }) => members > MOST_MEMBERS)).toEqual([]);
  });
});

describe("of a tree, the figures", () => {
  test("find circles by way of others, over packages too, and take a folder and its sql for one", () => {
    const root = write({
      "one/src/a/a.ts": 'import { b } from "../b/b.js";\nexport const a = b;\n',
      "one/src/b/b.ts": 'export { c as b } from "#two/c.js";\n',
      "two/src/c.ts": 'import type { A } from "#one/a/sql/type.js";\nexport const c = {} as A;\n',
      "one/src/a/sql/type.ts": 'export type A = object;\nexport * from "../d.js";\n',
      "one/src/a/d.ts": "export const d = 1;\n",
    });
    expect(circlesBetweenFolders(readSources(root))).toEqual([
      ["one/src/a", "one/src/b", "two/src"],
    ]);
    expect(longestChain(readSources(root))).toEqual([
      "one/src/a/a.ts",
      "one/src/b/b.ts",
      "two/src/c.ts",
      "one/src/a/sql/type.ts",
      "one/src/a/d.ts",
    ]);
  });

  test("count the members of what a function is given, its bases' too; settings and parts are none", () => {
    const root = write({
      "one/src/part.ts": "export interface Part { ask(): void; tell(): void; end(): void }\n",
      "one/src/deps.ts": `import type { Part } from "./part.js";
export interface Base { readonly part: Part; readonly now: () => number }
export interface Deps extends Base { readonly name: string }
export interface Settings { readonly a: string; readonly b: number; readonly at: Date; readonly no: () => void }
export function work(deps: Deps): void { deps.part.ask(); }
export function less(deps: Pick<Deps, "now">, settings: Settings, part: Part): void { part.tell(); }
`,
      "one/src/wiring/all.ts": `import type { Base } from "../deps.js";
export function open(base: Base & { readonly other: () => void; readonly more: () => void }): void { base.now(); }
`,
    });
    const found = dependencyObjects(root, readSources(root));
    expect(found).toEqual([{ name: "Deps", members: 3, takenBy: "work in one/src/deps.ts" }]);
  });

  test("say what half and nine tenths do not exceed", () => {
    const sizes = [10, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(spreadOf(sizes)).toEqual({ count: 10, median: 5, p90: 9, most: 10 });
    expect(spreadOf([])).toEqual({ count: 0, median: 0, p90: 0, most: 0 });
  });
});
