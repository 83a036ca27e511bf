import type { Database } from "#service-kit/db/pool.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Mode, ModeName } from "./mode.js";
import { endDrain, forgetGateway, listGateways, MODE_CHANNEL, noteGateway } from "./sql.js";
import { forgetEndedGateways } from "./ended-gateways.js";
import { processMark } from "./this-process.js";
import type { WriteGate } from "./write-gate.js";

/** What following needs. */
export interface FollowDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly heard: Pick<Subscriber, "on">;
  readonly gate: WriteGate;
  /** Name of this gateway, which no other one that lives has. */
  readonly name: string;
  /** Told of every mode that is followed, for a metric. */
  readonly note: (mode: ModeName) => void;
}

const LOOK_MILLISECONDS = { normal: 2_000, "read-only": 500 } as const;
const LOOK_UNKNOWN_MILLISECONDS = 250;

/**
 * Keeps a gateway in the mode that Postgres says, and tells there which change it follows and how many writes
 * are still under way. While Postgres is away, the last known mode stays; a gateway that never knew one lets nothing
 * be written.
 *
 * @param deps - database, gate and the rest
 * @returns a component; it looks when it is told of a change, and every few seconds in any case
 */
export function modeFollower(deps: FollowDeps): Component {
  const { db, gate, heard, name } = deps;
  const process = processMark();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  const failing = lastingWarning(deps.log, "mode.unknown");
  let [again, stopped] = [false, false];
  const exchange = async (): Promise<void> => {
    const held = gate.mode();
    const follows = held?.changedAt ?? null;
    const mode = await noteGateway(db, { name, process, follows, writes: gate.writes() });
    const isOver = mode.name === "read-only" && !mode.drained && mode.drainSeconds <= 0;
    if (isOver && mode.changedAt !== null) await endDrain(db, mode.changedAt);
    if (held !== null && mode.changedAt === follows) return;
    gate.follow(mode);
    deps.note(mode.name);
    if (mode.changedAt !== null) tell(deps.log, mode);
    // The answer to the change: from here on what is counted began before it.
    await exchange();
  };
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    do {
      again = false;
      try {
        await exchange();
        failing.worked();
      } catch (error) {
        failing.failed(error, { kept: gate.mode()?.name ?? null });
      }
      gate.cutLate();
    } while (isWanted());
    running = null;
    if (!stopped) timer = setTimeout(wake, lookAgainAfter(gate.mode()));
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
      await forgetEnded(deps);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await forgetGateway(db, name).catch(() => undefined);
    },
  };
}

async function forgetEnded({ db, log }: FollowDeps): Promise<void> {
  const gateways = await listGateways(db)
    .then((heard) => forgetEndedGateways(db, heard))
    .catch(() => []);
  if (gateways.length > 0) log.info({ event: "mode.gateways-forgotten", gateways });
}

function lookAgainAfter(mode: Mode | null): number {
  return mode === null ? LOOK_UNKNOWN_MILLISECONDS : LOOK_MILLISECONDS[mode.name];
}

function tell(log: Logger, { name: mode, reason, changedBy, changedAt }: Mode): void {
  log.warn({ event: "mode.followed", mode, reason, changedBy, changedAt });
}
