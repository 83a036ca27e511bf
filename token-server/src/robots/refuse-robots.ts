import { setTimeout as pause } from "node:timers/promises";
import { ConfigError } from "#service-kit/config.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { lastingWarning, type LastingFailure } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { anyRobot } from "./sql.js";

/** What looking for robots needs. */
export interface RefuseRobotsDeps {
  readonly db: Queryable;
  readonly log: Pick<Logger, "warn" | "fatal">;
  /** Whether the schema is up to date. */
  readonly migrated: () => boolean;
  /** Ends the process. */
  readonly end: () => void;
}

const ASK_AGAIN_MILLISECONDS = 1_000;
const WATCH_MILLISECONDS = 60_000;

/**
 * Robots mean that somebody once cared who may do what, so authentication is not off beside them, nor when
 * another token server makes one later. What is not known yet is not taken for the better answer: whatever
 * comes after this in the process's list starts when the database has said that there is none.
 *
 * @param deps - database, log, and how to end the process
 * @param watchMilliseconds - how often it is looked again
 * @returns a component for a token server with `AUTHENTICATION=off`; its start throws ConfigError
 */
export function refuseRobots(
  deps: RefuseRobotsDeps,
  watchMilliseconds: number = WATCH_MILLISECONDS,
): Component {
  const stopping = new AbortController();
  const { signal } = stopping;
  let watching: Promise<void> = Promise.resolve();
  const watch = async (): Promise<void> => {
    const failing = lastingWarning(deps.log, "authentication.undecided");
    while (await passed(watchMilliseconds, signal)) {
      const robot = await ask(deps, failing);
      if (robot === null) continue;
      deps.log.fatal({ event: "authentication.not-off", message: faultOf(robot) });
      deps.end();
      return;
    }
  };
  return {
    name: "authentication off",
    start: async () => {
      const robot = await untilKnown(deps, signal);
      if (robot !== null) throw new ConfigError([faultOf(robot)]);
      watching = watch();
    },
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}

/** @returns a robot, or `null`: there is none, or, as is told, nobody knows */
async function ask(deps: RefuseRobotsDeps, failing: LastingFailure): Promise<string | null> {
  try {
    const robot = await anyRobot(deps.db);
    failing.worked();
    return robot;
  } catch (error) {
    failing.failed(error);
    return null;
  }
}

async function untilKnown(deps: RefuseRobotsDeps, signal: AbortSignal): Promise<string | null> {
  const failing = lastingWarning(deps.log, "authentication.undecided");
  do {
    try {
      if (deps.migrated()) return await anyRobot(deps.db);
    } catch (error) {
      failing.failed(error);
    }
  } while (await passed(ASK_AGAIN_MILLISECONDS, signal));
  return null;
}

/** @returns whether the time has passed, rather than the process being stopped */
async function passed(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return pause(milliseconds, true, { signal, ref: false }).catch(() => false);
}

function faultOf(robot: string): string {
  return `AUTHENTICATION: given "off", but the database has robots (${robot}), wanted a login; or a database without`;
}
