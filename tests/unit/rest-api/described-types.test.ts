import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { describedTypes, TYPES_FILES } from "#tests/openapi/described-types.js";

test.each(TYPES_FILES)(
  "types are those of the document: `npm run openapi` writes %s",
  async (file) => {
    expect(readFileSync(join(REPOSITORY_ROOT, file), "utf8")).toBe(await describedTypes());
  },
);
