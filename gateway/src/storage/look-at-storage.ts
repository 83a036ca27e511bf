import type { Digest } from "#registry-protocol/digest.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import type { Mode } from "../mode/mode.js";
import { recordMarked, writeFirstMarker, type FirstMarkerDeps } from "./first-marker.js";
import type { KnownStorage } from "./sql.js";
import type { StorageState } from "./storage-state.js";

/** What looking at the storage needs. */
export interface LookDeps extends FirstMarkerDeps {
  /** @returns the mode that counts; `null` while it is not known */
  readonly mode: () => Pick<Mode, "name"> | null;
}

const ACCEPT = "if it is meant: npm run storage -- accept (docs/storage.md)";

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
  const { repository, tag } = MARKER;
  const found = await deps.registry.digestOfTag(repository, tag, known?.digest);
  if (known?.isWritten === true) return compared(known, found);
  if (found !== null && found === known?.digest) {
    await recordMarked(deps, known.id);
    return { kind: "right" };
  }
  if (found !== null)
    return doubted(`it bears a marker that this ledger has never seen; ${ACCEPT}`);
  // Whoever has the registry read-only may be collecting garbage.
  if (deps.mode()?.name !== "normal") return doubted("it bears no marker yet");
  const reason = await writeFirstMarker(deps);
  return reason === null ? { kind: "right" } : doubted(`${reason}; ${ACCEPT}`);
}

/**
 * @param known - a storage whose marker stood at the registry once
 * @param found - the marker that stands there now
 * @returns whether that is the same storage
 */
export function compared(known: KnownStorage, found: Digest | null): StorageState {
  if (found === known.digest) return { kind: "right" };
  const what = found === null ? "its marker is not there" : "it bears another one's marker";
  return doubted(`${what}; ${ACCEPT}`);
}

function doubted(reason: string): StorageState {
  return { kind: "doubted", reason };
}
