import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { whyUnusable } from "#service-kit/db/usable.js";
import type { ReadinessCheck } from "#service-kit/readiness.js";
import type { TokenVerifier } from "../proxy/caller.js";
import { TOKEN_SERVER } from "../proxy/token-clock.js";
import { whyShut } from "../storage/storage-state.js";
import type { StorageWatch } from "../storage/storage-watch.js";
import type { Upstream } from "../upstream/upstream.js";

/** What a push needs. */
export interface PushNeeds {
  readonly db: Queryable;
  readonly upstream: Pick<Upstream, "ping">;
  /** What keeps the database from being used before it is asked, such as a mode that is not known; `null`: nothing. */
  readonly hindrance: () => string | null;
  readonly clocks: Pick<ClockWatch, "comparison">;
  readonly storage: Pick<StorageWatch, "lookLately">;
  readonly verifier: Pick<TokenVerifier, "hasKeys" | "refresh">;
}

/**
 * @param needs - database, registry, token server's keys, clocks, and what keeps the database from being used
 * @returns the checks by which `docker push` would work
 */
export function pushNeeds(
  needs: PushNeeds,
): Readonly<
  Record<
    "database" | "registry" | "storage" | "tokenKeys" | "tokenServer" | "clocks",
    ReadinessCheck
  >
> {
  const { db, upstream, hindrance, clocks, verifier, storage } = needs;
  return {
    database: async () => hindrance() ?? whyUnusable(db, "ledger.tag"),
    registry: async () => {
      // Whoever has seen its storage lately has reached it.
      if (!(await storage.lookLately()).isSeen) await upstream.ping();
      return null;
    },
    storage: async () => whyShut((await storage.lookLately()).state),
    tokenKeys: async () => {
      // Had once they are kept, and count for a stated time without the token server.
      if (!verifier.hasKeys()) await verifier.refresh().catch(() => undefined);
      return verifier.hasKeys() ? null : "the token server's keys have not been had yet";
    },
    tokenServer: () =>
      verifier.refresh().then(
        () => null,
        () => "the token server does not answer, so nobody gets a token",
      ),
    clocks: () => {
      const { own, differing, message } = clocks.comparison();
      // Other clocks keep nobody from pushing: leases are Postgres' own affair, and the registry says so itself.
      const isClear = own === "right" && differing.every(({ name }) => name !== TOKEN_SERVER);
      return Promise.resolve(isClear ? null : message);
    },
  };
}
