import pg from "pg";
import type { Logger } from "../log.js";
import { connectionOptions, type DatabaseConfig, type DatabaseServer } from "./config.js";
import { endClient } from "./end-client.js";
import { quickQuery } from "./quick-query.js";

/** Which server of a cluster is asked. */
export interface ServerChoice {
  /** How many there are to choose from. */
  readonly count: number;
  current(): DatabaseServer;
  /** It is away, or cannot be written to: the next one is asked from now on. */
  isUseless(server: DatabaseServer): void;
}

/**
 * @param config - where the database is
 * @returns a choice that begins with the first server
 */
export function serverChoice(config: DatabaseConfig): ServerChoice {
  const servers: readonly DatabaseServer[] = [config, ...(config.others ?? [])];
  let index = 0;
  const current = () => servers[index] ?? config;
  return {
    count: servers.length,
    current,
    isUseless: (server) => {
      if (server === current()) index = (index + 1) % servers.length;
    },
  };
}

/**
 * @param client - a connection
 * @throws when nothing can be written on it: it is a standby's, as libpq's `target_session_attrs=read-write` knows it
 */
export async function refuseReadOnly(client: pg.ClientBase): Promise<void> {
  const answer = await quickQuery<{ readOnly: string }>(
    client,
    `select current_setting('transaction_read_only') as "readOnly"`,
  );
  if (answer?.readOnly === "on") throw new Error("the server is read-only: is it a standby?");
}

/**
 * @param log - where it is told that a connection is lost
 * @returns watches a connection, or a pool of them: without a listener, one that is lost would end the process
 */
export function tellingLosses(
  log: Pick<Logger, "warn">,
): (watched: { on(event: "error", listener: (error: Error) => void): unknown }) => void {
  return (watched) => {
    watched.on("error", (error) => {
      log.warn({ event: "database.connection-lost", reason: error.message });
    });
  };
}

/**
 * Connects to the server that can be written to; of a single one nothing is asked.
 *
 * @param config - where the database is
 * @param options - beside what the configuration says
 * @param watch - is given each connection before it is made
 * @returns a connection, up to the caller to end
 * @throws what the last server said
 */
export async function connectWritable(
  config: DatabaseConfig,
  options: pg.ClientConfig,
  watch: (client: pg.Client) => void,
): Promise<pg.Client> {
  const choice = serverChoice(config);
  for (let tried = 1; ; tried += 1) {
    const server = choice.current();
    const client = new pg.Client({ ...connectionOptions(config, server), ...options });
    watch(client);
    try {
      await connected(client);
      if (choice.count > 1) await refuseReadOnly(client);
      return client;
    } catch (error) {
      await endClient(client);
      if (tried >= choice.count) throw error;
      choice.isUseless(server);
    }
  }
}

/** Of a connection that is ended while it is made, the driver says nothing to whoever waits for it. */
async function connected(client: pg.Client): Promise<void> {
  const ended = new Promise<never>((_resolve, reject) => {
    client.once("end", () => {
      reject(new Error("the connection was ended while it was made"));
    });
  });
  await Promise.race([client.connect(), ended]);
}
