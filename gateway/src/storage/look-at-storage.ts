import { MARKER } from "#registry-protocol/storage-marker.js";
import type { Mode } from "../mode/mode.js";
import {
  recordMarked,
  writeFirstMarker,
  type FirstMarkerDeps,
  type MarkedRegistry,
} from "./first-marker.js";
import { lookAtStep, type LookAtStepDeps, type SteppedRegistry } from "./look-at-step.js";
import type { KnownStorage } from "./sql.js";
import { ACCEPT, compared, doubted, RIGHT, type StorageState } from "./storage-state.js";

/** What looking at the storage needs. */
export interface LookDeps extends FirstMarkerDeps {
  readonly registry: MarkedRegistry & SteppedRegistry;
  /** @returns the mode that counts; `null` while it is not known */
  readonly mode: () => Pick<Mode, "name"> | null;
}

/**
 * Compares the marker at the registry with that which the ledger knows; where neither has any, the first one is written.
 *
 * @param deps - ledger and registry
 * @param known - what the ledger says
 * @returns what is known now
 * @throws when it cannot be told
 */
export async function lookAtStorage(
  deps: LookDeps,
  known: KnownStorage | null,
): Promise<StorageState> {
  if (known?.isWritten === true) return lookAgain(deps, known);
  const { repository, tag } = MARKER;
  const found = await deps.registry.digestOfTag(repository, tag, known?.digest);
  if (found !== null && found === known?.digest) {
    await recordMarked(deps, known.id);
    return RIGHT;
  }
  if (found !== null)
    return doubted(`it bears a marker that this ledger has never seen; ${ACCEPT}`);
  // Whoever has the registry read-only may be collecting garbage.
  if (deps.mode()?.name !== "normal") return doubted("it bears no marker yet");
  const reason = await writeFirstMarker(deps);
  return reason === null ? RIGHT : doubted(`${reason}; ${ACCEPT}`);
}

/**
 * @param deps - ledger and registry
 * @param known - a storage whose marker stood at the registry once
 * @returns whether that is the same storage, and not an older copy of it
 * @throws when it cannot be told
 */
export async function lookAgain(deps: LookAtStepDeps, known: KnownStorage): Promise<StorageState> {
  const { step } = known;
  if (step !== null) return lookAtStep(deps, { ...known, step });
  const { repository, tag } = MARKER;
  return compared(known, await deps.registry.digestOfTag(repository, tag, known.digest));
}
