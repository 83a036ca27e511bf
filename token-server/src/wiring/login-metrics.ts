import { Counter, type Registry } from "prom-client";
import type { WatchOutcome } from "#service-kit/watch-file.js";
import { LOGIN_OUTCOMES, type LogInDeps } from "../token/log-in.js";

/** Told of what logins do. */
export interface LoginCounts {
  /** Of every attempt to log in. */
  readonly ended: LogInDeps["told"]["ended"];
  /** Of every answer about teams that was an old one. */
  readonly stale: () => void;
  /** Of every new content of the logins file. */
  readonly loaded: (outcome: WatchOutcome) => void;
}

/**
 * @param registry - where metrics are kept
 * @returns what counts them there
 */
export function loginMetrics(registry: Registry): LoginCounts {
  const registers = [registry];
  const labelNames = ["outcome"] as const;
  const logins = new Counter({
    name: "logins_total",
    help: "Attempts to log in by how they ended",
    labelNames,
    registers,
  });
  // Who watches for growth sees none from nothing to one.
  for (const outcome of LOGIN_OUTCOMES) logins.inc({ outcome }, 0);
  const staleTeams = new Counter({
    name: "stale_team_answers_total",
    help: "Team memberships taken from an old answer while the team service was away",
    registers,
  });
  const loads = new Counter({
    name: "logins_loads_total",
    help: "New contents of the logins file by what came of them",
    labelNames,
    registers,
  });
  return {
    ended: (outcome) => {
      logins.inc({ outcome });
    },
    stale: () => {
      staleTeams.inc();
    },
    loaded: (outcome) => {
      loads.inc({ outcome });
    },
  };
}
