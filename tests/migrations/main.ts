import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import {
  faultsOf,
  formatList,
  MIGRATION_LIST,
  parseList,
  presentMigrations,
} from "./migration-list.js";

/** `npm run migrations:list` puts new migrations into the list; with `--check` it only says what is wrong. */
const file = join(REPOSITORY_ROOT, MIGRATION_LIST);
const present = presentMigrations();
let listed = parseList(readFileSync(file, "utf8"));
if (!process.argv.includes("--check")) {
  const known = new Set(listed.map(({ path }) => path));
  listed = [...listed, ...present.filter(({ path }) => !known.has(path))];
  writeFileSync(file, formatList(listed));
}
const faults = faultsOf(listed, present);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
