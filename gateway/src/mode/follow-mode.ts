import type { Database } from "#service-kit/db/pool.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Mode } from "./mode.js";
import { forgetGateway, MODE_CHANNEL, noteGateway } from "./sql.js";
import type { WriteGate } from "./write-gate.js";

/** What following needs. */
export interface FollowDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly heard: Subscriber;
  readonly gate: WriteGate;
  /** Name of this gateway, the same after a restart. */
  readonly name: string;
}

const LOOK_MILLISECONDS = { normal: 2_000, "read-only": 500 } as const;

/**
 * Keeps a gateway in the mode that Postgres says, and tells there which change it follows and how many writes
 * are still under way. While Postgres is away, the last known mode stays.
 *
 * @param deps - database, gate and the rest
 * @returns a component; it looks when it is told of a change, and every few seconds in any case
 */
export function modeFollower(deps: FollowDeps): Component {
  const { db, gate, heard, name } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let [again, stopped, away] = [false, false, false];
  const exchange = async (): Promise<void> => {
    const { changedAt } = gate.mode();
    const mode = await noteGateway(db, { name, follows: changedAt, writes: gate.writes() });
    if (mode.changedAt === changedAt) return;
    gate.follow(mode);
    tell(deps.log, mode);
    // The answer to the change: from here on what is counted began before it.
    await exchange();
  };
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    do {
      again = false;
      try {
        await exchange();
        away = false;
      } catch (error) {
        if (!away) deps.log.warn({ event: "mode.unknown", kept: gate.mode().name, err: error });
        away = true;
      }
    } while (isWanted());
    running = null;
    if (!stopped) timer = setTimeout(wake, LOOK_MILLISECONDS[gate.mode().name]);
  };
  const isWanted = () => again && !stopped;
  const wake = (): void => {
    if (running === null) running = look();
    else again = true;
  };
  heard.on(MODE_CHANNEL, wake);
  return {
    name: "mode",
    start: async () => {
      wake();
      await running;
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await forgetGateway(db, name).catch(() => undefined);
    },
  };
}

function tell(log: Logger, { name: mode, reason, changedBy, changedAt }: Mode): void {
  log.warn({ event: "mode.followed", mode, reason, changedBy, changedAt });
}
