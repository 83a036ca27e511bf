import type { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { connected } from "#tests/support/database-roles.js";
import { emptyDatabase } from "#tests/support/ledger.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const FOLDER = join(REPOSITORY_ROOT, "tests", "integration", "upgrades", "dumps");

/** A database as an earlier version left it. */
export interface EarlierDatabase {
  readonly config: DatabaseConfig;
  /** Whose signatures under its checkpoints count. */
  readonly anchors: readonly X509Certificate[];
}

/**
 * Dumps were made by `pg_dump --inserts --no-owner` of a stack of that version, with its own Postgres role, after three
 * pushes of alice's: alpha/app:1.0, alpha/app:1.1 and shared/tool:1. From the tenth on they have a robot of team alpha, too, and a
 * login of alice's that was kept.
 *
 * @param postgres - a running Postgres
 * @param name - of a file in `dumps`, without its endings
 * @returns a database that was restored from it
 */
export async function earlierDatabase(
  postgres: TestPostgres,
  name: string,
): Promise<EarlierDatabase> {
  const dump = brotliDecompressSync(await readFile(join(FOLDER, `${name}.sql.br`))).toString();
  const config = await emptyDatabase(postgres);
  await connected(config, (client) => client.query(dump));
  return { config, anchors: parseCertificates(dump, name) };
}
