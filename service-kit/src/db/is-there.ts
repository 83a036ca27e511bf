import pg from "pg";
import type { DatabaseConfig } from "./config.js";
import { endClient } from "./end-client.js";
import { connectWritable } from "./servers.js";

/**
 * Asks on a connection of its own. A server that refuses it (it is full, or just starting) is there as well.
 *
 * @param config - where the database is
 * @param milliseconds - how long is waited for each step
 * @throws when nothing has answered by then
 */
export async function isThere(config: DatabaseConfig, milliseconds: number): Promise<void> {
  try {
    await ask(config, milliseconds);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
  }
}

async function ask(config: DatabaseConfig, milliseconds: number): Promise<void> {
  const options = { connectionTimeoutMillis: milliseconds, query_timeout: milliseconds };
  const client = await connectWritable(config, { ...options, application_name: "probe" }, (made) =>
    made.on("error", () => undefined),
  );
  try {
    await client.query("select 1");
  } finally {
    void endClient(client);
  }
}
