import type { Queryable } from "#service-kit/db/pool.js";
import type { Upstream } from "../upstream/upstream.js";

/** Whether each thing that a push needs answers, and what is wrong where it does not. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<"database" | "registry", "ok" | "failing">>;
}

/** What a push needs. */
export interface ReadinessDeps {
  readonly db: Queryable;
  readonly upstream: Pick<Upstream, "ping">;
  /** Whether the schema has been brought up to date, and the mode is known. */
  readonly migrated: () => boolean;
}

/**
 * @param deps - database, registry, and whether the schema has been brought up to date
 * @returns whether `docker push` would work
 */
export async function checkReadiness(deps: ReadinessDeps): Promise<Readiness> {
  const [database, registry] = await Promise.all([
    outcome(deps.db.query("select 1")),
    outcome(deps.upstream.ping()),
  ]);
  const checks = { database: deps.migrated() ? database : "failing", registry } as const;
  return { ready: checks.database === "ok" && registry === "ok", checks };
}

async function outcome(check: Promise<unknown>): Promise<"ok" | "failing"> {
  return check.then(
    () => "ok",
    () => "failing",
  );
}
