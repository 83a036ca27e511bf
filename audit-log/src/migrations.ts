import { fileURLToPath } from "node:url";
import type { MigrationSet } from "#service-kit/db/migrate.js";

/** Both services write the audit log, so both bring it up to date. */
export const AUDIT_MIGRATIONS: MigrationSet = {
  schema: "audit",
  directory: fileURLToPath(new URL("../../../audit-log/sql", import.meta.url)),
};
