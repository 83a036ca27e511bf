import { setTimeout as pause } from "node:timers/promises";
import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import { thoseWhere } from "#service-kit/some-at-once.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import { enqueueSearch } from "../scm/sql/scm-search.js";
import type { StoredFiles } from "../stored-files/stored-files.js";
import { missingParts } from "../upstream/missing-parts.js";
import { registryErrors } from "../upstream/registry-errors.js";
import type { Upstream } from "../upstream/upstream.js";
import type { CarryBlob } from "./carry-blob.js";
import type { ReadTag } from "./read-tag.js";
import { NotCarried } from "./served-manifest.js";
import {
  insertImported,
  insertImportedSource,
  readKnownTag,
  type KnownTag,
} from "./sql/imported-tag.js";

/** What bringing a tag across needs. */
export interface ImportDeps {
  readonly db: Database;
  readonly audit: (tx: Transaction, entry: AuditEntry) => Promise<void>;
  readonly actor: AuditActor;
  readonly upstream: Pick<
    Upstream,
    "blobSize" | "hasManifest" | "getManifest" | "digestOfTag" | "putManifest"
  >;
  readonly files: Pick<StoredFiles, "size">;
  readonly carry: CarryBlob;
  /** Writes what the ledger says of a tag to the registry. @returns `repaired`, or why not. @throws when nobody knows */
  readonly writeTag: (tag: Pick<ReadTag, "repository" | "tag" | "digest">) => Promise<string>;
  readonly dryRun: boolean;
  /** How long somebody who is writing the tag is waited for, in milliseconds. */
  readonly settlingMilliseconds: number;
}

/** `there`: the ledger had it already. */
export type Imported = "imported" | "there";

const SIZES_AT_ONCE = 4;
const LOOK_MILLISECONDS = 500;

/**
 * Brings a tag across: its blobs, then its manifest by digest, then the ledger's row, on record, and the registry's tag last. So
 * wherever it ends early, nobody is given what is not whole, and the next run goes on from there.
 *
 * @param deps - ledger, registry and storage
 * @param tag - the tag
 * @param signal - ends it early
 * @returns whether that was still to be done; in a dry run, whether it could be
 * @throws NotCarried when it cannot be, or must not: what is here is never moved
 */
export async function importTag(
  deps: ImportDeps,
  tag: ReadTag,
  signal: AbortSignal,
): Promise<Imported> {
  if (await isThere(deps, tag, signal)) {
    await finishTag(deps, tag);
    return "there";
  }
  await refuseOther(deps, tag);
  if (deps.dryRun) {
    await refuseMissing(deps, tag, signal);
    return "imported";
  }
  for (const { digest } of await missingParts(deps.upstream, tag.repository, tag.manifest.reading))
    await deps.carry(tag.repository, digest, signal);
  await putManifest(deps, tag);
  if (!(await record(deps, tag)))
    throw new NotCarried("somebody has begun to push it here meanwhile: run this again");
  await finishTag(deps, tag);
  return "imported";
}

/** What was pushed, locked or brought here before stays; what was only found is still to get its author and its date. */
async function isThere(deps: ImportDeps, tag: ReadTag, signal: AbortSignal): Promise<boolean> {
  const known = await settledTag(deps, tag, signal);
  if (known === null) return false;
  if (known.isDeleted) throw new NotCarried("it was deleted here");
  if (known.digest !== tag.digest)
    throw new NotCarried(
      `it is ${known.digest ?? "something else"} here, ${tag.digest} in Pier One`,
    );
  if (known.isReserved) throw new NotCarried("it is being pushed here just now: run this again");
  return !known.isOnlyFound;
}

/** A run that was killed holds the tag that it was writing until its reservation ends, and a gateway gives it back. */
async function settledTag(
  { db, dryRun, settlingMilliseconds }: ImportDeps,
  tag: ReadTag,
  signal: AbortSignal,
): Promise<KnownTag | null> {
  const deadline = performance.now() + settlingMilliseconds;
  for (;;) {
    const known = await readKnownTag(db, tag);
    const mayBeOurs = known?.isReserved === true && known.digest === tag.digest && !dryRun;
    if (!mayBeOurs || performance.now() > deadline) return known;
    await pause(LOOK_MILLISECONDS, undefined, { signal });
  }
}

/** Nobody has told the ledger yet what stands there: it is adopted when somebody asks for it. */
async function refuseOther({ upstream }: ImportDeps, tag: ReadTag): Promise<void> {
  const found = await upstream.digestOfTag(tag.repository, tag.tag, tag.digest);
  if (found !== null && found !== tag.digest)
    throw new NotCarried(`it is ${found} at the registry, ${tag.digest} in Pier One`);
}

async function refuseMissing(
  { files }: ImportDeps,
  { blobs }: ReadTag,
  signal: AbortSignal,
): Promise<void> {
  const isMissing = async (digest: string) => (await files.size(digest, signal)) === null;
  const [missing] = await thoseWhere(blobs, SIZES_AT_ONCE, isMissing);
  if (missing !== undefined) throw new NotCarried(`its blob ${missing} is not in the storage`);
}

async function putManifest({ upstream, actor }: ImportDeps, tag: ReadTag): Promise<void> {
  const { repository, digest, manifest } = tag;
  const errand = { subject: actor.uid, clientAddress: "", requestId: "" };
  const { content, mediaType } = manifest;
  const put = { repository, reference: { digest }, content, mediaType, ...errand };
  const { status, body } = await upstream.putManifest(put);
  const codes = registryErrors(body).map(({ code }) => code);
  const said = `the registry answered ${status} ${codes.join(", ")} to its manifest`.trimEnd();
  // What it can read and does not take, it will not take tomorrow.
  if (status === 400 || status === 404) throw new NotCarried(said);
  if (status !== 201) throw new Error(said);
}

function record({ db, audit, actor }: ImportDeps, tag: ReadTag): Promise<boolean> {
  const { repository, digest, pushedBy, pushedAt, source } = tag;
  return db.transaction(async (tx) => {
    if (!(await insertImported(tx, tag))) return false;
    await storeManifest(tx, repository, tag.manifest, "checked");
    if (source !== null) await insertImportedSource(tx, tag, source);
    // Without layers: Pier One has looked through them.
    else await enqueueSearch(tx, repository, [digest], { by: pushedBy, withLayers: false });
    const known = source === null ? {} : { scmSource: source.source };
    const detail = { change: "imported", from: "Pier One", pushedBy, pushedAt, ...known };
    const what = { action: "tag.adopted", repository, tag: tag.tag, digest } as const;
    await audit(tx, { ...what, actor, reason: "brought here from Pier One", detail });
    return true;
  }, repository);
}

/** The registry has the manifest; its tag is what garbage collection and other readers go by. */
async function finishTag({ upstream, writeTag, dryRun }: ImportDeps, tag: ReadTag): Promise<void> {
  const { repository, digest } = tag;
  const found = await upstream.digestOfTag(repository, tag.tag, digest);
  if (found === null && !dryRun) {
    const outcome = await writeTag(tag);
    if (outcome !== "repaired") throw new Error(`its tag could not be written: ${outcome}`);
  }
  if (dryRun) return;
  // Read as whoever pulls it: the bytes are hashed.
  if ((await upstream.getManifest(repository, digest)) === null)
    throw new Error("the registry has not got its manifest");
}
