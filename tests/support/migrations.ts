import { join } from "node:path";
import { AUDIT_MIGRATIONS as AUDIT } from "#audit-log/migrations.js";
import { LEDGER_MIGRATIONS as LEDGER } from "#gateway/wiring/migrations.js";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import { TOKEN_SERVER_MIGRATIONS as TOKEN_SERVER } from "#token-server/wiring/migrations.js";
import { REPOSITORY_ROOT } from "./source-tree.js";

/** Compiled files find the folders beside themselves, tests in the sources. */
const inSources = (set: MigrationSet, part: string): MigrationSet => ({
  ...set,
  directory: join(REPOSITORY_ROOT, part, "sql"),
});

export const LEDGER_MIGRATIONS = inSources(LEDGER, "gateway");
export const TOKEN_SERVER_MIGRATIONS = inSources(TOKEN_SERVER, "token-server");
export const AUDIT_LOG_MIGRATIONS = inSources(AUDIT, "audit-log");
