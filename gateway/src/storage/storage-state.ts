import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";

/** What is known of the registry's storage. */
export type StorageState =
  | { readonly kind: "right" }
  /** It could not be looked at yet. */
  | { readonly kind: "unknown" }
  /** Another storage, none, or one that nothing proves to be the right one. */
  | { readonly kind: "doubted"; readonly reason: string };

/** The registry has the storage that the ledger knows. */
export const RIGHT: StorageState = { kind: "right" };

/** What an operator does about one that is not known. */
export const ACCEPT = "if it is meant: npm run storage -- accept (docs/storage.md)";

/** @returns that a storage is not known to be the right one, and why */
export function doubted(reason: string): StorageState {
  return { kind: "doubted", reason };
}

/**
 * @param known - a storage whose marker stood at the registry once
 * @param found - the marker that stands there now
 * @returns whether that is the same storage
 */
export function compared(known: { readonly digest: Digest }, found: Digest | null): StorageState {
  if (found === known.digest) return RIGHT;
  const what = found === null ? "its marker is not there" : "it bears another one's marker";
  return doubted(`${what}; ${ACCEPT}`);
}

const RETRY_AFTER_SECONDS = 10;

/**
 * @param state - what is known of the storage
 * @returns in words, why nothing may be written to it; `null`: it may
 */
export function whyShut(state: StorageState): string | null {
  switch (state.kind) {
    case "right":
      return null;
    case "unknown":
      return "whether the registry has its storage is not known yet";
    case "doubted":
      return `this is not the registry's storage: ${state.reason}`;
  }
}

/**
 * @param reason - why nothing counts that the registry says, as {@link whyShut} has it
 * @returns what whoever depends on it is told
 */
export function storageFault(reason: string): Fault {
  return new Fault("UNAVAILABLE", {
    message: `${reason}; try again later`,
    summary: "the registry's storage is not the right one",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}
