import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { describedTypes, TYPES_FILE } from "./described-types.js";

writeFileSync(join(REPOSITORY_ROOT, TYPES_FILE), await describedTypes());
