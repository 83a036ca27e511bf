import type pg from "pg";
import type { DatabaseConfig } from "./config.js";
import { endClient } from "./end-client.js";
import { namingPooler, refusePooler } from "./pooler.js";
import { connectWritable } from "./servers.js";

/**
 * Connects for what goes with a session of the server: locks of its own, LISTEN, temporary tables.
 *
 * @param config - where the database is
 * @param options - beside what the configuration says
 * @param watch - is given each connection before it is made
 * @returns a connection, up to the caller to end
 * @throws PoolerError where the session is nobody's own, and what the last server said
 */
export async function connectSession(
  config: DatabaseConfig,
  options: pg.ClientConfig,
  watch: (client: pg.Client) => void,
): Promise<pg.Client> {
  const connect = () =>
    connectWritable(config, options, watch).catch((error: unknown) => {
      throw namingPooler(error);
    });
  const client = await connect();
  try {
    await refusePooler(client, connect);
    return client;
  } catch (error) {
    await endClient(client);
    throw error;
  }
}
