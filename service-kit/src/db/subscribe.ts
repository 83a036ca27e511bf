import { CHANNELS } from "./channels.js";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { inTime } from "../in-time.js";
import { lastingFailure } from "../lasting-failure.js";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import { endClient } from "./end-client.js";
import type { DatabaseConfig } from "./config.js";
import { PoolerError } from "./pooler.js";
import { connectSession } from "./session.js";

/** Hears what Postgres tells by NOTIFY. */
export interface Subscriber extends Component {
  /**
   * @param channel - a plain lower-case name
   * @param listener - called with each payload; some are missed while the connection is down
   */
  on(channel: string, listener: (payload: string) => void): void;
  /** @param listener - called whenever the connection is lost, and something may be missed */
  lost(listener: () => void): void;
  /** @returns why nothing will be heard however often it is tried again, such as a pooler; `null`: nothing is known to be */
  readonly hindrance: () => string | null;
  /** Has the channel's listener hear what this process tells, without the way through Postgres. */
  readonly hear: (channel: string, payload: string) => void;
}

/** Each subscriber tells itself something on it, and hears that it hears. */
const HEARTBEAT_CHANNEL = CHANNELS.heartbeat;

/** How a subscription is watched, in milliseconds. */
export interface Watching {
  /** Between two checks whether it hears. */
  readonly heartbeat: number;
  /** A server that says nothing for this long is lost. */
  readonly patience: number;
}

const WATCHING: Watching = { heartbeat: 10_000, patience: 5_000 };
const RECONNECT_MILLISECONDS = 1_000;

/**
 * @param config - where the database is
 * @param log - where lost connections are told
 * @param watching - when a connection that is there no more counts as lost
 * @returns a subscriber with a connection of its own, made anew whenever it is lost
 */
export function subscriber(
  config: DatabaseConfig,
  log: Pick<Logger, "warn">,
  watching: Watching = WATCHING,
): Subscriber {
  const listeners = new Map<string, (payload: string) => void>();
  const losers: (() => void)[] = [];
  const stopping = new AbortController();
  const hasStopped = () => stopping.signal.aborted;
  const failing = lastingFailure(({ err, failures }) => {
    const reason = err instanceof Error ? err.message : "unknown reason";
    log.warn({ event: "database.subscription-lost", reason, failures });
  });
  let running = Promise.resolve();
  let connecting: pg.Client | null = null;
  let hindrance: string | null = null;

  const listen = async (listening: () => void): Promise<void> => {
    const options = { application_name: "subscription", query_timeout: watching.patience };
    const client = await connectSession(config, options, (made) => {
      made.on("error", () => undefined);
      connecting = made;
    });
    const lost = lossOf(client, stopping.signal);
    try {
      const hears = await heartbeatOn(client, listeners, watching.patience);
      listening();
      for (;;) {
        await hears();
        hindrance = null;
        await Promise.race([pause(watching.heartbeat, undefined, { ref: false }), lost]);
        failing.worked();
      }
    } finally {
      await endClient(client);
    }
  };
  const listenOn = async (listening: () => void): Promise<void> => {
    while (!hasStopped()) {
      const error = await listen(listening).catch((reason: unknown) => reason);
      if (hasStopped()) return;
      hindrance = error instanceof PoolerError ? error.why : null;
      failing.failed(error);
      for (const lose of losers) lose();
      listening();
      await pause(RECONNECT_MILLISECONDS, undefined, { signal: stopping.signal }).catch(() => null);
    }
  };
  return {
    name: "subscription",
    on: (channel, listener) => listeners.set(channel, listener),
    lost: (listener) => losers.push(listener),
    hindrance: () => hindrance,
    hear: (channel, payload) => listeners.get(channel)?.(payload),
    // Resolves after the first attempt, however it went.
    start: () =>
      new Promise((resolve) => {
        running = listenOn(resolve);
      }),
    stop: () => {
      stopping.abort(new Error("the process is stopping"));
      if (connecting !== null) void endClient(connecting);
      return running;
    },
  };
}

/** @returns what rejects when the connection is lost, or not needed any more */
function lossOf(client: pg.Client, stopping: AbortSignal): Promise<never> {
  const lost = new Promise<never>((_resolve, reject) => {
    client.on("error", reject);
    client.on("end", () => {
      reject(new Error("connection ended"));
    });
    stopping.addEventListener("abort", () => {
      reject(new Error("the process is stopping"));
    });
  });
  // Whoever waits for something else hears of it from there.
  lost.catch(() => undefined);
  return lost;
}

/** @returns a check, which rejects when what is told on this connection is not heard on it */
async function heartbeatOn(
  client: pg.Client,
  listeners: ReadonlyMap<string, (payload: string) => void>,
  patience: number,
): Promise<() => Promise<void>> {
  const own = randomUUID();
  let heard: () => void = () => undefined;
  client.on("notification", ({ channel, payload = "" }) => {
    if (channel !== HEARTBEAT_CHANNEL) listeners.get(channel)?.(payload);
    else if (payload === own) heard();
  });
  for (const channel of [...listeners.keys(), HEARTBEAT_CHANNEL])
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
  return async () => {
    const hearing = new Promise<void>((resolve) => {
      heard = resolve;
    });
    await client.query("select pg_notify($1, $2)", [HEARTBEAT_CHANNEL, own]);
    await inTime(hearing, patience, () => new Error(NOT_HEARD));
  };
}

const NOT_HEARD =
  "what is told on this connection is not heard on it: is there a pooler of connections (PgBouncer) that gives each transaction another one?";
