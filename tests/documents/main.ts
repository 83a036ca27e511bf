import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { AUDIT_EVENTS_DOCUMENT, auditEventsDocument } from "./audit-events.js";
import { DOCUMENT, variableTables, withTables } from "./variable-tables.js";

/** `npm run docs:variables`: writes the tables into the documents. */
const file = join(REPOSITORY_ROOT, DOCUMENT);
await write(file, withTables(readFileSync(file, "utf8"), variableTables()));
console.log(`wrote the tables of ${DOCUMENT}`);
await write(join(REPOSITORY_ROOT, AUDIT_EVENTS_DOCUMENT), auditEventsDocument());
console.log(`wrote ${AUDIT_EVENTS_DOCUMENT}`);

async function write(path: string, text: string): Promise<void> {
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
