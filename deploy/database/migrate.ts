import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { LEDGER_MIGRATIONS } from "#gateway/wiring/migrations.js";
import { migrate } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import type { Logger } from "#service-kit/log.js";
import { TOKEN_SERVER_MIGRATIONS } from "#token-server/wiring/migrations.js";

/** Every schema of the product. */
const ALL_MIGRATIONS = [LEDGER_MIGRATIONS, TOKEN_SERVER_MIGRATIONS, AUDIT_MIGRATIONS];

/**
 * Brings every schema up to date, and the rights of the services' roles in it.
 *
 * @param config - where the database is, with the role that owns the schemas
 * @param log - where each applied migration is told
 * @throws whatever Postgres says
 */
export async function migrateAll(config: DatabaseConfig, log: Logger): Promise<void> {
  for (const set of ALL_MIGRATIONS) await migrate(config, set, log);
}
