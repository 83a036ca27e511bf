import type { DatabaseConfig } from "#service-kit/db/config.js";
import type { ForwardingRegistry } from "#gateway/wiring/registry.js";
import { openStorage, type Storage } from "#gateway/wiring/storage.js";

/** The registry, whose storage is known by its marker or taken for the right one. */
export type StandingStorage = Pick<Storage<ForwardingRegistry>, "registry" | "parts"> & {
  readonly storage: Pick<Storage<ForwardingRegistry>["storage"], "look" | "lookLately">;
};

/**
 * @param database - where the ledger is; `null`: any storage will do
 * @param deps - as `openStorage` has them
 * @returns the registry, and what watches its storage
 */
export function standingStorage(
  database: DatabaseConfig | null,
  deps: Parameters<typeof openStorage<ForwardingRegistry>>[1],
): StandingStorage {
  if (database !== null) return openStorage({ database, storageStepSeconds: 1 }, deps);
  const state = { kind: "right" } as const;
  const storage = {
    look: () => Promise.resolve(state),
    lookLately: () => Promise.resolve({ state, isSeen: false }),
  };
  return { registry: deps.registry, storage, parts: [] };
}
