import pg from "pg";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import { connectionOptions, type DatabaseConfig } from "./pool.js";

/** Hears what Postgres tells by NOTIFY. */
export interface Subscriber extends Component {
  /**
   * @param channel - a plain lower-case name
   * @param listener - called with each payload; some are missed while the connection is down
   */
  on(channel: string, listener: (payload: string) => void): void;
}

const RECONNECT_MILLISECONDS = 1_000;

/**
 * @param config - where the database is
 * @param log - where lost connections are told
 * @returns a subscriber with a connection of its own, made anew whenever it is lost
 */
export function subscriber(config: DatabaseConfig, log: Logger): Subscriber {
  const listeners = new Map<string, (payload: string) => void>();
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const reconnect = (reason: string) => {
    if (stopped || timer !== undefined) return;
    log.warn({ event: "database.subscription-lost", reason });
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MILLISECONDS);
  };
  const connect = async (): Promise<void> => {
    const next = new pg.Client({ ...connectionOptions(config), application_name: "subscription" });
    client = next;
    next.on("error", (error) => {
      reconnect(error.message);
    });
    next.on("end", () => {
      reconnect("connection ended");
    });
    next.on("notification", ({ channel, payload }) => listeners.get(channel)?.(payload ?? ""));
    try {
      await next.connect();
      for (const channel of listeners.keys())
        await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      reconnect(error instanceof Error ? error.message : "unknown reason");
    }
  };
  return {
    name: "subscription",
    on: (channel, listener) => listeners.set(channel, listener),
    start: connect,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
