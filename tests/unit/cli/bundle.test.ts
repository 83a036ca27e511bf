import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");

test("wharf in one file has the licence of every package that was bundled into it", () => {
  const bundle = read("cli/dist/wharf.mjs");
  const { dependencies } = JSON.parse(read("cli/package.json")) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(dependencies).length).toBeGreaterThan(0);
  for (const name of Object.keys(dependencies)) {
    const { version } = JSON.parse(read(`node_modules/${name}/package.json`)) as {
      version: string;
    };
    const text = read(`node_modules/${name}/LICENSE`).trim();
    expect(bundle).toContain(`/*!\n${name} ${version}, MIT\n\n${text}\n*/`);
  }
});
