import { BOUNDS } from "#gateway/ledger/bounds.js";
import { migrate } from "#gateway/from-pier-one/migrate.js";
import { newTally, type MigrationSummary } from "#gateway/from-pier-one/tally.js";
import { openStoredFiles } from "#gateway/stored-files/open-stored-files.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { openPierOneImport } from "#gateway/wiring/pier-one-import.js";
import { openForeignDatabase, parseDsn } from "#service-kit/db/foreign-database.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import type { LeftPierOne } from "#tests/support/pier-one.js";

const authorization = () => "Bearer of nobody";

/** Where to, and from where. */
export interface MigrationParts {
  readonly ledger: StartedLedger;
  readonly registryUrl: string;
  readonly left: Pick<LeftPierOne, "dsn" | "storage">;
}

/** How it is made, where not as usual. */
export interface MigrationDifferences {
  readonly dryRun?: boolean;
  readonly zone?: string;
  readonly parallel?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Absent: hardly any. */
  readonly settlingMilliseconds?: number;
  /** Told of every blob, and every tag that is not brought. */
  readonly onNews?: () => void;
}

/**
 * Brings everything across, as the command does.
 *
 * @param parts - where to, and from where
 * @param differences - from how it is usually made
 * @returns what came of it, and what was not brought, by name
 */
export async function migration(
  { ledger, registryUrl: url, left }: MigrationParts,
  {
    dryRun = false,
    zone = "UTC",
    parallel = 4,
    env = {},
    signal,
    onNews,
    settlingMilliseconds = 100,
  }: MigrationDifferences = {},
): Promise<MigrationSummary & { readonly not: Readonly<Record<string, string>> }> {
  const not: Record<string, string> = {};
  const tally = newTally((name, reason) => {
    not[name] = reason;
    onNews?.();
  });
  const connections = outgoing();
  const files = openStoredFiles("--storage", left.storage, env, connections);
  const from = openForeignDatabase(parseDsn(left.dsn, undefined), "test");
  const registry = {
    ...{ url, authorization, bounds: BOUNDS },
    upstream: registryUpstream(url, authorization),
    listing: registryListing(url, authorization),
  };
  const config = { database: ledger.config, storageStepSeconds: 600 };
  const { db } = ledger;
  const parts = {
    db,
    log: SILENT,
    registry,
    files,
    tally,
    rate: null,
    dryRun,
    by: "olga",
    env: {},
    settlingMilliseconds,
  };
  const { importing, admit, ...opened } = openPierOneImport(config, parts);
  try {
    for (const part of opened.parts) await part.start();
    await opened.refuseOtherStorage();
    const deps = { from, policy: PIER_ONE_TAGS, tally, admit, importing };
    await migrate(deps, { parallel, zone, signal: signal ?? new AbortController().signal });
  } finally {
    for (const part of opened.parts) await part.stop();
    await from.close();
    connections.close();
  }
  return { ...tally.summary(), not };
}
