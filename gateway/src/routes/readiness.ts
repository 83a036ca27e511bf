import type { ClockWatch } from "#service-kit/clock/clock-watch.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { whyUnusable } from "#service-kit/db/usable.js";
import { RegistryAnswer, type Upstream } from "../upstream/upstream.js";

/** Whether each thing that a push needs answers, and what is wrong where it does not. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<"database" | "registry" | "clocks", "ok" | "failing">>;
  /** What is wrong, in sentences; also of what a push can do without. */
  readonly reasons: readonly string[];
}

/** What a push needs. */
export interface ReadinessDeps {
  readonly db: Queryable;
  readonly upstream: Pick<Upstream, "ping">;
  /** What has to be done before a push would work, or `null`. */
  readonly pending: () => string | null;
  readonly clocks: Pick<ClockWatch, "verdict" | "difference" | "reasons" | "noteDate">;
}

/**
 * @param deps - database, registry, what is pending, and clocks
 * @returns whether `docker push` would work
 */
export async function checkReadiness(deps: ReadinessDeps): Promise<Readiness> {
  const { db, upstream, clocks } = deps;
  const [unusable, silent] = await Promise.all([
    whyUnusable(db, "ledger.tag"),
    whySilent(upstream, clocks),
  ]);
  const wrong = { database: unusable ?? deps.pending(), registry: silent };
  const checks = {
    database: wrong.database === null ? "ok" : "failing",
    registry: wrong.registry === null ? "ok" : "failing",
    clocks: areClocksRight(clocks) ? "ok" : "failing",
  } as const;
  const ready = Object.values(checks).every((check) => check === "ok");
  const reasons = [wrong.database, wrong.registry, ...clocks.reasons()];
  return { ready, checks, reasons: reasons.filter((reason) => reason !== null) };
}

async function whySilent(
  upstream: ReadinessDeps["upstream"],
  clocks: ReadinessDeps["clocks"],
): Promise<string | null> {
  const from = Date.now();
  try {
    clocks.noteDate("registry", await upstream.ping(), { from, to: Date.now() });
    return null;
  } catch (error) {
    return error instanceof RegistryAnswer ? error.message : "the registry does not answer";
  }
}

/** With either clock wrong no token is taken. Another part's may be wrong without harm to pushes. */
function areClocksRight(clocks: ReadinessDeps["clocks"]): boolean {
  return clocks.verdict().own === "right" && clocks.difference("token server") === null;
}
