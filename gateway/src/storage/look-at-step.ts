import type { Digest } from "#registry-protocol/digest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { MARKER, markerStep, STEP, type StorageStep } from "#registry-protocol/storage-marker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Upstream } from "../upstream/upstream.js";
import { readStorage, type KnownStep, type KnownStorage } from "./sql.js";
import { followStep, wantStep } from "./step-sql.js";
import { ACCEPT, compared, doubted, RIGHT, type StorageState } from "./storage-state.js";

/** The registry, as far as the steps of its storage are concerned. */
export type SteppedRegistry = Pick<Upstream, "digestOfTag" | "getManifest" | "hasManifest">;

/** What looking at a step needs. */
export interface LookAtStepDeps {
  readonly db: Queryable;
  readonly log: Logger;
  readonly registry: SteppedRegistry;
}

/**
 * Compares how far the storage has come with what the ledger knows: an older copy has not come as far.
 *
 * @param deps - ledger and registry
 * @param known - a storage that has taken a step, as the ledger said a moment ago
 * @returns what is known now
 * @throws when it cannot be told
 */
export async function lookAtStep(
  deps: LookAtStepDeps,
  known: KnownStorage & { readonly step: KnownStep },
): Promise<StorageState> {
  const supposed = known.step.digest ?? undefined;
  const found = await deps.registry.digestOfTag(STEP.repository, STEP.tag, supposed);
  if (found !== null && found === known.step.digest) return RIGHT;
  // Another gateway may have taken one meanwhile.
  const now = (await readStorage(deps.db)) ?? known;
  if (found !== null && found === now.step?.digest) return RIGHT;
  const { repository, tag } = MARKER;
  const marker = await deps.registry.digestOfTag(repository, tag, now.digest);
  const identity = compared(now, marker);
  return identity.kind !== "right" || now.step === null
    ? identity
    : explained(deps, now, now.step, found);
}

/** It is this storage: of which time? */
async function explained(
  { db, log, registry }: LookAtStepDeps,
  { id }: KnownStorage,
  { number, digest, nextDigest, at }: KnownStep,
  found: Digest | null,
): Promise<StorageState> {
  const there = found === null ? null : await stepAt(registry, found);
  if (found !== null && there?.id === id && there.number > number) {
    // Whoever looks at the same time may have been first, and gone on.
    if (await followStep(db, { storage: id, number: there.number, digest: found }))
      // The ledger was given an older state back: what the storage has besides is found by discovery.
      log.error({
        event: "storage.ahead",
        step: there.number,
        at: there.at,
        known: { number, at },
      });
    return RIGHT;
  }
  // A copy of before it cannot have it, whatever the tag means: that may be the next one, or have gone back by a late write.
  if (digest === null) return RIGHT;
  if (await registry.hasManifest(STEP.repository, digest)) {
    if (found !== nextDigest) await wantStep(db, digest);
    return RIGHT;
  }
  // Unless another one was taken meanwhile, and with it this one taken away.
  const later = await readStorage(db);
  if (later !== null && later.step !== null && later.step.digest !== digest)
    return lookAtStep({ db, log, registry }, { ...later, step: later.step });
  const has = there?.id === id ? `it is as of ${there.at}` : "it has taken no step";
  return doubted(
    `it is an older state of this storage: ${has}, and the ledger knows it as of ${at ?? "later"}; ${ACCEPT}`,
  );
}

/** @returns what stands at the registry as a step; `null` when it is none */
export async function stepAt(
  registry: Pick<Upstream, "getManifest">,
  digest: Digest,
): Promise<StorageStep | null> {
  const manifest = await unlessUnreadable(registry.getManifest(STEP.repository, digest));
  return manifest === null ? null : markerStep(manifest.content);
}
