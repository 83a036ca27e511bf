import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { missingParts, type PartReads } from "../upstream/missing-parts.js";
import { readStored } from "../upstream/read-stored.js";
import type { Upstream } from "../upstream/upstream.js";
import { pushManifest, type ManifestPushDeps } from "./push-manifest.js";
import { readLiveManifest } from "./sql/store-manifest.js";

/** What putting manifests back needs. */
export interface PutBackDeps extends ManifestPushDeps {
  readonly upstream: PartReads & Pick<Upstream, "putManifest">;
  readonly newReservation: () => string;
}

/** A manifest that the registry has lost, and in whose name it gets it again. */
export interface LostManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly actor: AuditActor;
  /** Aborted when nobody waits for it any more. */
  readonly gone: AbortSignal;
}

/**
 * Writes a manifest that the ledger has, and the registry not, to the registry again, after those below it that it has not
 * either. It is a push by digest like others: on record, and never of what was deleted.
 *
 * @param deps - ledger, audit log and registry
 * @param lost - the manifest
 * @returns whether it is there again; not, when the ledger does not have it or the registry lacks a blob of it
 * @throws Fault UNAVAILABLE when that cannot be told, BODY_INCOMPLETE when nobody waits for it any more
 */
export async function putBack(deps: PutBackDeps, lost: LostManifest): Promise<boolean> {
  const { repository, digest, actor, gone } = lost;
  const { upstream } = deps;
  const kept = await readLiveManifest(deps.db, repository, digest);
  if (kept === null) return false;
  const manifest = await readStored(kept);
  if (!(await putPartsBack(deps, lost, manifest))) return false;
  const { uid: subject, address: clientAddress, requestId } = actor;
  const { content, mediaType } = manifest;
  const put = { repository, reference: { digest }, content, mediaType };
  const push = { id: deps.newReservation(), repository, digest, actor };
  const answer = await pushManifest(deps, push, manifest, {
    send: () => upstream.putManifest({ ...put, subject, clientAddress, requestId }),
    gone,
  });
  if (answer.status >= 300) return false;
  const reason = "the registry had lost it";
  const entry = { action: "manifest.repaired", actor, repository, tag: null, digest } as const;
  await deps.db.transaction((tx) => deps.audit(tx, { ...entry, reason, detail: {} }), repository);
  deps.log.warn({ event: "manifest.repaired", repository, digest, reason });
  return true;
}

/**
 * Writes the manifests that a manifest needs and the registry has not, as {@link putBack} does.
 *
 * @param deps - ledger, audit log and registry
 * @param lost - where it is, and in whose name
 * @param manifest - the manifest
 * @returns whether the registry has all that it needs; not, when it lacks a blob
 * @throws Fault as {@link putBack}
 */
export async function putPartsBack(
  deps: PutBackDeps,
  lost: Omit<LostManifest, "digest">,
  { reading }: Pick<StoredManifest, "reading">,
): Promise<boolean> {
  for (const part of await missingParts(deps.upstream, lost.repository, reading))
    if (part.kind === "blob" || !(await putBack(deps, { ...lost, digest: part.digest })))
      return false;
  return true;
}
