import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { DOCUMENT, variableTables, withTables } from "./variable-tables.js";

/** `npm run docs:variables`: writes the tables into the document. */
const file = join(REPOSITORY_ROOT, DOCUMENT);
const text = withTables(readFileSync(file, "utf8"), variableTables());
writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
console.log(`wrote the tables of ${DOCUMENT}`);
