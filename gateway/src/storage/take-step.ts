import { randomUUID } from "node:crypto";
import { MARKER, STEP, stepMarker, type StorageMarker } from "#registry-protocol/storage-marker.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { WriteGate } from "../mode/write-gate.js";
import type { Errand, Upstream } from "../upstream/upstream.js";
import { stepAt, type SteppedRegistry } from "./look-at-step.js";
import { readStorage, type KnownStorage } from "./sql.js";
import { dueStep, intendStep, newestStep, noteStep, type DueStep } from "./step-sql.js";

/** The registry, where a step is written. */
export type SteppingRegistry = SteppedRegistry & Pick<Upstream, "putManifest" | "deleteManifest">;

/** What taking a step needs. */
export interface TakeStepDeps {
  readonly db: Database;
  readonly database: DatabaseConfig;
  readonly log: Logger;
  readonly registry: SteppingRegistry;
  readonly steps: Steps;
}

/** When steps are taken. */
export interface Steps {
  /** How long one lasts at least. */
  readonly seconds: number;
  /** Whether anything may be written just now: nothing may while garbage is being collected. */
  readonly admit: WriteGate["admit"];
}

/**
 * Writes that the storage has come further, when something was recorded since the last time and that is long enough ago, unless
 * another gateway does.
 *
 * @param deps - ledger and registry, whose storage was the right one a moment ago
 * @throws when it could not be written, or when nobody knows: another one is due then
 */
export async function takeStep(deps: TakeStepDeps): Promise<void> {
  const { db, database, log, steps } = deps;
  if ((await dueStep(db, steps.seconds)) === null) return;
  await runExclusively(database, "storage", log, async () => {
    const due = await dueStep(db, steps.seconds);
    const known = await readStorage(db);
    if (due === null || known?.isWritten !== true) return;
    const done = steps.admit("manifest.put-by-tag", () => undefined);
    try {
      await step(deps, known, due);
    } finally {
      done();
    }
  });
}

async function step(
  { db, registry }: TakeStepDeps,
  storage: KnownStorage,
  due: DueStep,
): Promise<void> {
  const { id, step: known } = storage;
  const marker = await nextStep({ db, registry }, id, due.at);
  const before = known?.digest ?? null;
  await intendStep(db, {
    storage: id,
    number: marker.number,
    digest: before,
    nextDigest: marker.digest,
  });
  await putStep(registry, marker);
  if (!(await isStill(registry, storage))) return;
  await noteStep(db, marker.digest, due.entries);
  // Where the registry deletes nothing it stays.
  if (before !== null)
    await registry.deleteManifest(STEP.repository, { digest: before }, errand()).catch(() => null);
}

/**
 * The registry may have been started on a copy just now, or on another installation's storage: then the step stands there, and what
 * was before it does not.
 */
async function isStill(
  registry: SteppingRegistry,
  { digest, step: known }: KnownStorage,
): Promise<boolean> {
  const before = known?.digest ?? null;
  if (before !== null) return registry.hasManifest(STEP.repository, before);
  return (await registry.digestOfTag(MARKER.repository, MARKER.tag, digest)) === digest;
}

/** A step as it stands at the registry. */
export interface NumberedMarker extends StorageMarker {
  readonly number: number;
}

/**
 * @param deps - ledger and registry
 * @param id - of the storage
 * @param at - the database's time
 * @returns a step that is newer than all that this ledger and this storage know
 */
export async function nextStep(
  { db, registry }: { readonly db: Queryable; readonly registry: SteppedRegistry },
  id: string,
  at: string,
): Promise<NumberedMarker> {
  const found = await registry.digestOfTag(STEP.repository, STEP.tag);
  const there = found === null ? null : await stepAt(registry, found);
  const number = 1 + Math.max(await newestStep(db), there?.id === id ? there.number : 0);
  return { number, ...stepMarker({ id, number, at, nonce: randomUUID() }) };
}

/**
 * @param registry - has the marker, and with it the blob that this needs
 * @param step - is written to it
 * @throws Error when it does not take it, and when nobody knows whether it did
 */
export async function putStep(
  registry: Pick<Upstream, "putManifest">,
  { content, mediaType }: StorageMarker,
): Promise<void> {
  const { repository, tag } = STEP;
  const put = { repository, reference: { tag }, content, mediaType, ...errand() };
  const { status } = await registry.putManifest(put);
  if (status !== 201) throw new Error(`the registry answered ${status} to a step of the storage`);
}

function errand(): Errand {
  return { subject: "", clientAddress: "", requestId: randomUUID() };
}
