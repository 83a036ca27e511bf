import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import { chainOf } from "#audit-log/chain.js";
import { makeDueCheckpoint, type CheckpointDeps } from "#audit-log/checkpointer.js";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { verifyLog, type VerifiedLog, type VerifiedRest } from "#audit-log/verify/verify-log.js";
import type { KeptCheckpoint } from "#audit-log/verify/walk-checkpoints.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { openKeyRing, type KeyRing } from "#service-kit/signing/key-ring.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewKeys } from "#service-kit/signing/renew.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { forge } from "#tests/support/forge.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

export const REPOSITORY = "alpha/app";
export const CHAIN = chainOf(REPOSITORY);

/** An audit log in a database of its own, and the keys that it is signed with. */
export interface TestAuditLog {
  readonly ledger: TestLedger;
  readonly db: Database;
  readonly keysFolder: string;
  readonly keys: KeyRing;
  /** Pushes so many tags: into the ledger, on record. */
  append(count: number, repository?: string): Promise<void>;
  /** @returns what a gateway makes checkpoints with; they are due at once */
  checkpointDeps(known?: Partial<CheckpointDeps>): CheckpointDeps;
  checkpoint(): Promise<number | null>;
  /** @param through - what reads the log; absent: its own database */
  verify(kept?: readonly KeptCheckpoint[], through?: Database): Promise<VerifiedLog>;
  /** Does what only a superuser can, who switches rules and triggers off. */
  forge(work: (tx: Queryable) => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

/**
 * One Postgres for the tests of a file, and an empty audit log for each.
 *
 * @param take - gets it before each test
 */
export function useAuditLog(take: (log: TestAuditLog, postgres: TestPostgres) => void): void {
  let postgres: TestPostgres;
  let log: TestAuditLog;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  beforeEach(async () => {
    log = await createAuditLog(postgres);
    take(log, postgres);
  });
  afterEach(() => log.close());
  afterAll(() => postgres.stop());
}

/** @returns what is compared with all entries, none of which has left */
export function restOf({ rest }: VerifiedLog): VerifiedRest {
  if (rest === null) throw new Error("entries have left for archives");
  return rest;
}

/** @returns an entry about a tag */
export function tagEntry(repository = REPOSITORY, tag = "1.0"): AuditEntry {
  return {
    action: "tag.pushed",
    actor: { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" },
    repository,
    tag,
    digest: `sha256:${"0".repeat(64)}`,
    reason: "tag-free",
    detail: {},
  };
}

/**
 * @param postgres - a running Postgres
 * @returns an empty audit log
 */
export async function createAuditLog(postgres: TestPostgres): Promise<TestAuditLog> {
  const ledger = await createLedger(postgres);
  const db = ledger.open();
  const folder = await temporaryFolder();
  const keys = await testKeys(folder.path);
  let tags = 0;
  const checkpointDeps = (known: Partial<CheckpointDeps> = {}): CheckpointDeps => ({
    db,
    log: SILENT,
    key: () => keys.active(),
    interval: { entries: 1, seconds: 1 },
    ...known,
  });
  return {
    ledger,
    db,
    keysFolder: folder.path,
    keys,
    append: async (count, repository = REPOSITORY) => {
      for (let added = 0; added < count; added += 1) {
        const entry = tagEntry(repository, `1.${(tags += 1)}`);
        await db.transaction(async (tx) => {
          await tx.query(
            `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
             values ($1, $2, $3, $4, clock_timestamp())`,
            [entry.repository, entry.tag, entry.digest, entry.actor.uid],
          );
          await recordAudit(tx, entry);
        });
      }
    },
    checkpointDeps,
    checkpoint: () => makeDueCheckpoint(checkpointDeps()),
    verify: async (kept = [], through = db) => {
      const trusted = join(operatorFolders(folder.path).trust, AUDIT_BUNDLE);
      const anchors = parseCertificates(await readFile(trusted, "utf8"), trusted);
      return verifyLog(through, { anchors, kept, progress: () => undefined });
    },
    forge: (work) => forge(db, work),
    close: async () => {
      await ledger.close();
      await folder.remove();
    },
  };
}

/** @returns keys of a gateway, with an authority of their own */
export async function testKeys(directory: string): Promise<KeyRing> {
  const renewal = { lifetimeSeconds: 86_400, ahead: 0 };
  await renewKeys(operatorFolders(directory), renewal, Math.floor(Date.now() / 1000));
  return openKeyRing(
    {
      directory,
      owner: "gateway",
      certified: true,
      givenKeys: null,
      givenKeysFile: null,
      certificatesFile: null,
      retainSeconds: 60,
    },
    { now: Date.now, log: SILENT },
  );
}
