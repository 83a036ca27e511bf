import type pg from "pg";

const PATIENCE_MILLISECONDS = 1_000;

/**
 * Ends a connection whatever state it is in. The farewell of a host that is lost would be waited for without end.
 *
 * @param client - a connection, or an attempt to make one
 */
export async function endClient(client: pg.Client): Promise<void> {
  const { stream } = client.connection;
  const timer = setTimeout(() => stream.destroy(), PATIENCE_MILLISECONDS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
  stream.destroy();
}
