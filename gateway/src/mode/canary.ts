import { randomBytes } from "node:crypto";
import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { RegistryProcesses } from "../upstream/registry-processes.js";
import { readCanary, someRepository, writeCanary } from "./canary-sql.js";

/** What watching a collection needs. */
export interface CanaryDeps {
  readonly db: Queryable;
  readonly registry: RegistryProcesses;
}

/** What writing one needs besides: who does it goes on record. */
export interface ReleaseDeps {
  readonly db: Database;
  readonly registry: RegistryProcesses;
  readonly audit: RecordAudit;
  readonly actor: AuditActor;
}

/** How long a canary is. */
export const CANARY_BYTES = 32;
/** Of a registry in which nothing was ever pushed. */
const NOWHERE = parseRepositoryName("wharfinger/canary");

/**
 * Writes a blob that no manifest needs, and asks every process of the registry for it, so that those that remember blobs do
 * remember this one.
 *
 * @param deps - ledger, audit log and registry, and who does it
 * @returns the processes that have it
 * @throws Error when one of them does not: then it is of another storage
 */
export async function releaseCanary({
  db,
  registry,
  audit,
  actor,
}: ReleaseDeps): Promise<readonly string[]> {
  const content = randomBytes(CANARY_BYTES);
  const repository = (await someRepository(db)) ?? NOWHERE;
  const digest = digestOf(content);
  await registry.upload(repository, content);
  const having: string[] = [];
  for (const process of await registry.processes()) {
    const has = await registry.has(process, repository, digest);
    if (has === false)
      throw new Error(`${process} does not have what was just uploaded: it is of another storage`);
    if (has === true) having.push(process);
  }
  if (having.length === 0) throw new Error("no process of the registry answers");
  await db.transaction(async (tx) => {
    await writeCanary(tx, { repository, digest });
    await audit(tx, {
      ...{ action: "canary.written", actor, repository, tag: null, digest },
      reason: "a collection of garbage has to remove it",
      detail: { processes: having.length },
    });
  });
  return having;
}

/**
 * @param deps - ledger and registry
 * @returns in words, why it is not proven that garbage was collected and forgotten; nothing when it is, or when nobody wrote
 *   a canary before
 */
export async function whatRemembers({ db, registry }: CanaryDeps): Promise<string[]> {
  const canary = await readCanary(db);
  if (canary === null) return [];
  const { repository, digest } = canary;
  const answers = await Promise.all(
    (await registry.processes()).map(async (process) => {
      const has = await registry.has(process, repository, digest).catch((error: unknown) => {
        return error instanceof Error ? error.message : "no answer";
      });
      return { process, has };
    }),
  );
  if (answers.every(({ has }) => has === null)) return ["no process of the registry answers"];
  return answers.flatMap(({ process, has }) => {
    if (has === true)
      return [
        `${process} still has what the collection should have removed: ` +
          "garbage was not collected, or it remembers what has gone: restart this registry",
      ];
    return typeof has === "string" ? [`${process} cannot be asked: ${has}`] : [];
  });
}
