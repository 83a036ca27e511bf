import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { hostname } from "node:os";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { GatewayConfig } from "../config/config.js";
import { carrier } from "../from-pier-one/carry-blob.js";
import type { ImportDeps } from "../from-pier-one/import-tag.js";
import { bytePace } from "../from-pier-one/pace.js";
import type { Tally } from "../from-pier-one/tally.js";
import { operator } from "#audit-log/operator.js";
import type { StoredFiles } from "../stored-files/stored-files.js";
import { createMetrics } from "#service-kit/metrics.js";
import { whyShut } from "../storage/storage-state.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { blobStore } from "../upstream/blob-store.js";
import { openMode } from "./mode.js";
import type { Registry } from "./registry.js";
import { openRepair } from "./repair.js";
import { openStorage } from "./storage.js";

/** What brings tags across. */
export interface PierOneImport extends Opened {
  readonly importing: ImportDeps;
  /** Lets one be written. @returns to be called when that has ended. @throws Fault UNAVAILABLE while nobody may write */
  readonly admit: () => () => void;
  /** To be called once its parts run. @throws Error when the registry has not the storage that the ledger knows */
  readonly refuseOtherStorage: () => Promise<void>;
}

/** What it is made of. */
export interface PierOneImportParts {
  readonly db: Database;
  readonly log: Logger;
  readonly registry: Registry;
  readonly files: StoredFiles;
  readonly tally: Tally;
  /** Bytes a second; `null`: as fast as it goes. */
  readonly rate: number | null;
  readonly dryRun: boolean;
  /** Who brings it, as far as that was said. */
  readonly by: string | undefined;
  /** Environment, which may say who has become another by sudo. */
  readonly env: NodeJS.ProcessEnv;
  /** How long somebody who is writing a tag is waited for, in milliseconds; absent: longer than any reservation lasts. */
  readonly settlingMilliseconds?: number;
}

/** A reservation of a minute, and until some gateway looks. */
const SETTLING_MILLISECONDS = 90_000;

/**
 * It writes at the registry as a gateway does: so it follows the mode as they do, and whoever collects garbage waits for it.
 *
 * @param config - how often the storage takes a step, and where the ledger is
 * @param parts - ledger, registry, and what is brought
 * @returns what brings tags across; its parts run as long as it does
 */
export function openPierOneImport(
  config: Pick<GatewayConfig, "database" | "storageStepSeconds">,
  parts: PierOneImportParts,
): PierOneImport {
  const { db, log, registry, files, tally, rate, dryRun } = parts;
  // It looks every two seconds; nobody has to tell it.
  const store = { db, heard: { on: () => undefined } };
  const metrics = { ...createMetrics(), readOnly: { set: () => undefined } };
  const mode = openMode(`migrate-pierone@${hostname()}`, { store, log, metrics });
  const audit = recordAudit;
  const standing = openStorage(config, { ...{ store, log, metrics, audit, registry }, mode });
  const { upstream, bounds, url, authorization } = standing.registry;
  // The import's own entry says what was written: that the tag was is none of its own.
  const silentAudit = () => Promise.resolve();
  const repair = openRepair({ db, log, audit: silentAudit, upstream, bounds });
  const carry = carrier({
    files,
    store: blobStore({ url, authorization, userAgent: registry.userAgentMark ?? "wharfinger" }),
    pace: bytePace(rate),
    counted: (what, bytes) => {
      tally.blob(what, bytes);
    },
  });
  return {
    importing: {
      ...{ db, audit, upstream, files, carry, dryRun },
      // Of a dry run nobody has to answer.
      actor: dryRun ? SYSTEM : operator(parts.by, parts.env),
      settlingMilliseconds: parts.settlingMilliseconds ?? SETTLING_MILLISECONDS,
      writeTag: (tag) => repair(tag, "brought here from Pier One"),
    },
    admit: () => mode.writes.admit("manifest.put-by-tag", () => undefined),
    refuseOtherStorage: async () => {
      const doubt = whyShut(await standing.storage.look());
      if (doubt !== null) throw new Error(doubt);
    },
    parts: mode.parts,
  };
}
