import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { VERSION } from "#gateway/api/version.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

test("the version that the gateway tells is that of package.json", () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  expect(VERSION).toBe(version);
});
