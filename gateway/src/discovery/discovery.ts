import { runExclusively } from "#service-kit/db/exclusive.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { DiscoveryMetrics } from "./discovery-metrics.js";
import type { PassDeps, PassOptions } from "./pass.js";
import { isInOrder } from "./in-order.js";
import { runPass } from "./run-pass.js";
import type { DiscoverySettings } from "./settings.js";
import { countIncomplete } from "./sql/missing-parts.js";
import { isPassDue, type Rest } from "./sql/cursor.js";
import { countMarked } from "../drift/sql/mark-tag.js";
import type { PassSummary } from "./tally.js";

/** What discovery needs. */
export interface DiscoveryDeps {
  readonly parts: PassDeps;
  readonly database: DatabaseConfig;
  readonly metrics: DiscoveryMetrics;
}

/**
 * Makes a pass, unless another replica or the command is making one.
 *
 * @param deps - ledger and registry
 * @param options - how
 * @param rest - how long ago the last pass has to be; `null`: no matter
 * @returns what came of it; `null` when somebody else is at it, or was not long ago
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function discoverOnce(
  deps: Omit<DiscoveryDeps, "metrics">,
  options: PassOptions,
  rest: Rest | null = null,
): Promise<PassSummary | null> {
  const outcome = await runExclusively(
    deps.database,
    "discovery",
    deps.parts.log,
    async (session) => {
      if (rest !== null && !(await isPassDue(session, rest))) return null;
      return runPass(deps.parts, session, options);
    },
  );
  return outcome.ran ? outcome.result : null;
}

/** Replicas' timers do not tick together: a pass may begin a little early. */
const EARLY = 0.9;
/** Of the time between two beginnings, what is left for a rest when a pass takes longer than that. */
const REST = 0.5;
const FIRST_MILLISECONDS = 5_000;

/**
 * @param deps - ledger and registry
 * @param settings - how often and how
 * @returns a component that compares ledger and registry again and again, on one replica at a time
 */
export function discovery(deps: DiscoveryDeps, settings: DiscoverySettings): Component {
  const every = settings.seconds * 1_000;
  const rest = { sinceBegin: settings.seconds * EARLY, sinceEnd: settings.seconds * REST };
  const first = every > 0 ? Math.min(every, FIRST_MILLISECONDS) : null;
  return repeating("discovery", first, async (signal) => {
    const options = { ...settings, dryRun: false, signal, progress: () => undefined };
    try {
      const summary = await discoverOnce(deps, options, rest);
      if (summary !== null) report(deps, summary);
      // Also after another replica's pass: else this one would tell of drift that is long gone.
      const { db } = deps.parts;
      deps.metrics.marked({
        ...(await countMarked(db)),
        incomplete: await countIncomplete(db),
      });
    } catch (error) {
      deps.metrics.failed();
      deps.parts.log.warn({ event: "discovery.failed", err: error });
    }
    return every;
  });
}

function report({ parts, metrics }: DiscoveryDeps, summary: PassSummary): void {
  const level = isInOrder(summary) ? "info" : "warn";
  parts.log[level]({ event: "discovery.passed", ...summary });
  metrics.passed(summary);
}
