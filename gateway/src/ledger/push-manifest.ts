import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "#service-kit/log.js";
import { refuseGone } from "./client-gone.js";
import { isUnclear, persistently, type RegistryVerdict } from "./settle.js";
import { recordManifest, type RecordManifestDeps } from "./record-manifest.js";
import {
  endManifestPush,
  endStoredPush,
  noteManifestPush,
  UNSETTLED_SECONDS,
  type ManifestPush,
} from "./sql/manifest-push.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { Waiting } from "./waiting.js";

/** What pushing a manifest by digest needs. */
export interface ManifestPushDeps extends RecordManifestDeps {
  readonly log: Logger;
  readonly waiting: Pick<Waiting, "pause" | "bounds">;
}

/** The way of a manifest to the registry. */
export interface DigestTransport<V extends RegistryVerdict> {
  /** @returns the registry's answer. @throws when nobody knows what came of it */
  send(): Promise<V>;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

const STORED = { reason: "stored by the registry", how: "checked" } as const;
/** Longer than the gateway waits for the registry, and then for the database. */

/**
 * Pushes a manifest by its digest. Before the registry is asked, that it will be is noted in the ledger; what it
 * stored is put on record together with the end of the note. A note whose gateway died is settled by any other
 * (`recoverManifestPushes`): so nothing can be read from the registry for long that is not on record.
 *
 * @param deps - ledger, audit log
 * @param push - what is pushed by whom
 * @param manifest - its bytes
 * @param transport - the way to the registry
 * @returns the registry's answer; of the 4xx family when it would not have the manifest
 * @throws Fault UNAVAILABLE when the ledger is away, and the registry was not asked; or when it is not known what
 *   came of it, and the same push can be made again
 */
export async function pushManifest<V extends RegistryVerdict>(
  deps: ManifestPushDeps,
  push: ManifestPush,
  manifest: StoredManifest,
  transport: DigestTransport<V>,
): Promise<V> {
  refuseGone(transport.gone);
  await noteManifestPush(deps.db, push, UNSETTLED_SECONDS);
  if (transport.gone.aborted) await forget(deps, push);
  refuseGone(transport.gone);
  const verdict = await transport.send().catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", { message: "the registry did not answer", cause });
  });
  if (isUnclear(verdict))
    throw new Fault("UNAVAILABLE", { message: `the registry answered ${verdict.status}` });
  if (verdict.status >= 300) await forget(deps, push);
  else if (!(await isRecorded(deps, push, manifest)))
    throw new Fault("UNAVAILABLE", { message: "the manifest was deleted meanwhile; push again" });
  return verdict;
}

/** Not when it was deleted meanwhile: then the note stays, and what the registry has is put on record later. */
function isRecorded(
  deps: ManifestPushDeps,
  push: ManifestPush,
  manifest: StoredManifest,
): Promise<boolean> {
  return persistently(deps.waiting, () =>
    deps.db.transaction(async (tx) => {
      if (await endStoredPush(tx, push)) return false;
      await recordManifest(tx, deps, push, manifest, STORED);
      return true;
    }, push.repository),
  );
}

/** A note that stays is settled later: there is nothing at the registry then. */
async function forget({ db, log }: ManifestPushDeps, push: ManifestPush): Promise<void> {
  await endManifestPush(db, push).catch((error: unknown) => {
    log.warn({ event: "manifest-push.left-noted", digest: push.digest, err: error });
  });
}
