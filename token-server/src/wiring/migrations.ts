import { fileURLToPath } from "node:url";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import type { SchemaRights } from "#service-kit/db/rights.js";

const ALL = ["select", "insert", "update", "delete"] as const;

/** Nobody but the token server has business here: a new table gets a line, and a test misses it. */
const RIGHTS: SchemaRights = {
  tables: {
    refresh_token: { tokenServer: ALL },
    robot: { tokenServer: ["select", "insert", "update"] },
    failed_login: { tokenServer: ALL },
    login_failure: { tokenServer: ALL },
    login_success: { tokenServer: ALL },
    long_view: { tokenServer: ALL },
    registry: { tokenServer: ALL },
    directory_user: { tokenServer: ALL },
    directory_team: { tokenServer: ["select", "insert"] },
    directory_app: { tokenServer: ALL },
    directory_privilege: { tokenServer: ["select", "insert", "delete"] },
    directory_service: { tokenServer: ALL },
    directory_version: { tokenServer: ["select", "update"] },
  },
};

/** The token server's own schema. */
export const TOKEN_SERVER_MIGRATIONS: MigrationSet = {
  schema: "token_server",
  directory: fileURLToPath(new URL("../../../../token-server/sql", import.meta.url)),
  rights: RIGHTS,
};
