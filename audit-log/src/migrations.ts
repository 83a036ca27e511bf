import { fileURLToPath } from "node:url";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import type { SchemaRights } from "#service-kit/db/rights.js";

/**
 * Both services append, by the function alone, and the token server reads what it said last of itself. A checkpoint is
 * put in by gateways.
 */
const RIGHTS: SchemaRights = {
  tables: {
    chain_head: { gateway: ["select"], auditor: ["select"] },
    entry: { gateway: ["select"], tokenServer: ["select"], auditor: ["select"] },
    followed_file: {
      gateway: ["select", "insert"],
      tokenServer: ["select", "insert"],
      auditor: ["select"],
    },
    cut: { gateway: ["select"], auditor: ["select"] },
    cut_place: { auditor: ["select"] },
    checkpoint: { gateway: ["select", "insert"], auditor: ["select"] },
  },
  functions: { "append(integer, text, text, text)": ["gateway", "tokenServer"] },
};

/** Both services write the audit log, so both bring it up to date. */
export const AUDIT_MIGRATIONS: MigrationSet = {
  schema: "audit",
  directory: fileURLToPath(new URL("../../../audit-log/sql", import.meta.url)),
  rights: RIGHTS,
};
