import type pg from "pg";
import { isStale, unavailable } from "./errors.js";
import { namingPooler } from "./pooler.js";
import type { ServerChoice } from "./servers.js";

/** The connections of a pool. */
export interface Connections {
  /**
   * Works on one of them.
   *
   * @param work - gets the connection, and what notes that it is of no more use: it is not given back then
   * @returns what `work` returns
   * @throws Fault UNAVAILABLE when there is none, and what `work` throws
   */
  use<T>(work: (client: pg.PoolClient, noteBroken: () => void) => Promise<T>): Promise<T>;
  /** Gives up at once every one that there is. */
  readonly cut: () => void;
}

/**
 * @param pool - a pool
 * @param choice - which server a new one is made to
 * @returns its connections
 */
export function connectionsOf(pool: pg.Pool, choice: ServerChoice): Connections {
  const clients = new Set<pg.PoolClient>();
  /** What they have prepared counts no more; what they are in the midst of goes on. */
  const outdated = new WeakSet<pg.PoolClient>();
  pool.on("connect", (client) => clients.add(client));
  pool.on("remove", (client) => clients.delete(client));
  const takeOne = async (): Promise<pg.PoolClient> => {
    for (;;) {
      const client = await connect(pool, choice);
      if (!outdated.has(client)) return client;
      client.release(true);
    }
  };
  return {
    cut: () => {
      for (const { connection } of clients) connection.stream.destroy();
    },
    use: async (work) => {
      const client = await takeOne();
      let broken = false;
      const noteBroken = () => {
        broken = true;
      };
      // Without a listener, one that is lost between two statements would end the process.
      client.on("error", noteBroken);
      try {
        return await work(client, noteBroken);
      } catch (error) {
        // Whatever has changed there has changed for all of them.
        if (isStale(error)) for (const one of clients) outdated.add(one);
        throw error;
      } finally {
        client.off("error", noteBroken);
        client.release(outdated.has(client) || broken);
      }
    },
  };
}

/** Asks one server after the other until one can be written to; a pool that is full says nothing of its server. */
async function connect(pool: pg.Pool, choice: ServerChoice): Promise<pg.PoolClient> {
  for (let tried = 1; ; tried += 1) {
    const server = choice.current();
    try {
      return await pool.connect();
    } catch (error) {
      if (tried >= choice.count || choice.current() === server)
        throw unavailable(namingPooler(error));
    }
  }
}
