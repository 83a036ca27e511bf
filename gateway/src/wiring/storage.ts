import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { GatewayConfig } from "../config/config.js";
import type { WriteGate } from "../mode/write-gate.js";
import { guardedRegistry } from "../storage/guarded-registry.js";
import { storageMetrics } from "../storage/storage-metrics.js";
import { storageFault, whyShut } from "../storage/storage-state.js";
import { storageWatch, type StorageWatch } from "../storage/storage-watch.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Registry } from "./registry.js";
import type { Store } from "./store.js";

/** What knows whether the registry has its storage, and the registry as long as it has. */
export interface Storage<R extends Registry> extends Opened {
  readonly storage: StorageWatch;
  /** All that is concluded from its answers holds of the right storage. */
  readonly registry: R;
}

/**
 * @param config - where the ledger is, and how often the storage takes a step
 * @param deps - ledger, audit log, registry, and the gate that is shut while its storage is in doubt
 * @returns what watches the storage
 */
export function openStorage<R extends Registry>(
  { database, storageStepSeconds }: Pick<GatewayConfig, "database" | "storageStepSeconds">,
  deps: {
    readonly store: Pick<Store, "db">;
    readonly log: Logger;
    readonly metrics: Pick<GatewayMetrics, "registry">;
    readonly audit: RecordAudit;
    readonly registry: R;
    readonly mode: { readonly writes: Pick<WriteGate, "mode" | "shut" | "admit"> };
  },
): Storage<R> {
  const { store, log, metrics, audit, registry } = deps;
  const { writes } = deps.mode;
  const note = storageMetrics(metrics.registry);
  const storage = storageWatch({
    ...{ db: store.db, database, log, audit },
    registry: registry.upstream,
    mode: () => writes.mode(),
    follow: (state) => {
      note(state);
      const reason = whyShut(state);
      writes.shut(reason === null ? null : storageFault(reason));
    },
    steps: { seconds: storageStepSeconds, admit: writes.admit },
  });
  return {
    storage,
    registry: { ...registry, ...guardedRegistry(registry, storage) },
    parts: [storage],
  };
}
