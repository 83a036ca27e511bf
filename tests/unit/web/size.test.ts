import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const DIST = join(REPOSITORY_ROOT, "web/dist");
const INDEX = readFileSync(join(DIST, "index.html"), "utf8");
const ASSETS = readdirSync(join(DIST, "assets"));
const MOST_SCRIPT_BYTES = 120_000;

describe("the web page, as it was built (`npm run build`)", () => {
  test("has at most 120 kB of compressed JavaScript for its first view", () => {
    const scripts = [...INDEX.matchAll(/(?:src|href)="\/ui\/(assets\/[^"]+\.js)"/g)].map(
      ([, name = ""]) => statSync(join(DIST, `${name}.gz`)).size,
    );
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
  });

  test("has nothing inline, and names nothing elsewhere", () => {
    expect(INDEX).not.toMatch(/<style|style=|\son\w+=|<script>|https?:/);
  });

  test("has every file compressed, and named by what is in it", () => {
    const files = ASSETS.filter((name) => !/\.(?:br|gz)$/.test(name));
    expect(files.length).toBeGreaterThan(2);
    for (const name of files) {
      expect(name).toMatch(/-[\w-]{8}\.\w+$/);
      expect(ASSETS).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]));
    }
  });
});

test("the web page says everything that it says in each language, and nothing beside the texts", () => {
  const keysOf = (language: string) =>
    [language, "administration", "refusals"].map((file) => {
      const path = join(REPOSITORY_ROOT, "web/src/texts", language, `${file}.ts`);
      return [...readFileSync(path, "utf8").matchAll(/^ {2}(\w+):/gm)].map(([, key]) => key);
    });
  expect(readdirSync(join(REPOSITORY_ROOT, "web/src/texts/german"))).toHaveLength(3);
  expect(keysOf("german")).toEqual(keysOf("english"));
  const screens = ["screens", "parts"].flatMap((folder) =>
    readdirSync(join(REPOSITORY_ROOT, "web/src", folder)).map((name) => join(folder, name)),
  );
  const strays = screens.flatMap(
    (file) =>
    [...readFileSync(join(REPOSITORY_ROOT, "web/src", file), "utf8").matchAll(/>\s*([A-Z][a-z]+ [a-z][^<{}]*)</g)].map(([, text]) => [file, text]), // prettier-ignore
  );
  expect(strays).toEqual([]);
});
