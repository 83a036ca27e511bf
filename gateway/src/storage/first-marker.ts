import { randomUUID } from "node:crypto";
import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { MARKER, storageMarker } from "#registry-protocol/storage-marker.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import type { Upstream } from "../upstream/upstream.js";
import {
  isLedgerEmpty,
  noteIntended,
  noteWritten,
  readStorage,
  sampleTags,
  type SampledTag,
} from "./sql.js";

/** The registry, as far as its marker is concerned. */
export type MarkedRegistry = Pick<
  Upstream,
  "digestOfTag" | "putManifest" | "uploadBlob" | "closedConnections"
>;

/** What giving a storage its first marker needs. */
export interface FirstMarkerDeps {
  readonly db: Database;
  readonly database: DatabaseConfig;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly registry: MarkedRegistry;
}

const SAMPLE = 16;
const AT_ONCE = 8;

/**
 * Gives the storage its first marker, on record, unless somebody else is at it. That is safe when the ledger is empty, or when
 * the registry has what the ledger knows: else it may be anybody's storage.
 *
 * @param deps - ledger and registry; the registry has no marker
 * @returns why it has none yet; `null` when it has
 * @throws when that cannot be told, or the registry does not take it
 */
export async function writeFirstMarker(deps: FirstMarkerDeps): Promise<string | null> {
  const outcome = await runExclusively(deps.database, "storage", deps.log, async () => {
    const reason = await whyUnproven(deps);
    if (reason !== null) return reason;
    const known = await readStorage(deps.db);
    if (known?.isWritten === true) return "another gateway has just written it";
    const id = known?.id ?? randomUUID();
    const { digest } = storageMarker(id);
    // Noted before: whatever happens meanwhile, the next look knows what was written here.
    await noteIntended(deps.db, { id, digest });
    await writeMarker(deps.registry, id);
    await recordMarked(deps, id);
    return null;
  });
  return outcome.ran ? outcome.result : "another gateway is writing it";
}

/**
 * @param registry - gets it
 * @param id - of the storage
 * @throws Error when the registry does not take it, and when nobody knows whether it did
 */
export async function writeMarker(
  registry: Pick<MarkedRegistry, "putManifest" | "uploadBlob">,
  id: string,
): Promise<void> {
  const { repository, tag } = MARKER;
  const { content, mediaType, blob } = storageMarker(id);
  await registry.uploadBlob(repository, blob);
  const errand = { subject: "", clientAddress: "", requestId: randomUUID() };
  const put = { repository, reference: { tag }, content, mediaType, ...errand };
  const { status } = await registry.putManifest(put);
  if (status !== 201) throw new Error(`the registry answered ${status} to the storage's marker`);
}

/** Puts on record that the marker stands at the registry, once. */
export async function recordMarked(
  { db, audit, log }: Pick<FirstMarkerDeps, "db" | "audit" | "log">,
  id: string,
): Promise<void> {
  const { digest } = storageMarker(id);
  const isNews = await db.transaction(async (tx) => {
    if (!(await noteWritten(tx, digest))) return false;
    const entry = { action: "storage.marked", actor: SYSTEM, ...MARKER, digest } as const;
    await audit(tx, {
      ...entry,
      reason: "the registry's storage has got its marker",
      detail: { id },
    });
    return true;
  });
  if (isNews) log.info({ event: "storage.marked", id });
}

async function whyUnproven({ db, registry }: FirstMarkerDeps): Promise<string | null> {
  if (await isLedgerEmpty(db)) return null;
  const { newest, any } = await sampleTags(db, SAMPLE);
  const standing = await Promise.all([newest, any].map((tags) => shareOf(registry, tags)));
  const isProven = standing.every((share) => share >= 0.5);
  return isProven ? null : "it bears no marker, and does not have what the ledger knows";
}

/** A ledger of which nothing should stand anywhere proves nothing. */
async function shareOf(registry: MarkedRegistry, tags: readonly SampledTag[]): Promise<number> {
  let [asked, standing] = [0, 0];
  await someAtOnce(tags, AT_ONCE, async ({ repository, tag, digest }) => {
    const found = await unlessUnreadable(registry.digestOfTag(repository, tag, digest));
    asked += 1;
    if (found === digest) standing += 1;
  });
  return asked === 0 ? 0 : standing / asked;
}
