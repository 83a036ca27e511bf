import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { describedTypes, TYPES_FILES } from "./described-types.js";

const types = await describedTypes();
for (const file of TYPES_FILES) writeFileSync(join(REPOSITORY_ROOT, file), types);
