import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { describedTypes, TYPES_FILE } from "#tests/openapi/described-types.js";

test("types are those of the document: `npm run openapi` writes them", async () => {
  expect(readFileSync(join(REPOSITORY_ROOT, TYPES_FILE), "utf8")).toBe(await describedTypes());
});
