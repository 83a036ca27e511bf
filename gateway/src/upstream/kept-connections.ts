import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";

/** Connections to one upstream, used again only when nothing speaks against it. */
export interface KeptConnections {
  readonly agent: HttpAgent;
  /**
   * Says that an exchange on a connection went as it should: its request was sent whole, and its answer arrived whole.
   * A connection of which nobody says so is closed, not kept.
   */
  trust(connection: Duplex): void;
  /** @returns how many that were kept have been closed since, by whichever side */
  closed(): number;
}

/**
 * Whoever reads an answer on a connection must be sure that it is the answer to their own request. So a connection is
 * kept by permission, not unless something was noticed; and one on which the upstream speaks unasked is closed.
 *
 * @param protocol - `http:` or `https:`
 * @returns the connections, none yet
 */
export function keptConnections(protocol: string): KeptConnections {
  const options = { keepAlive: true };
  const agent = protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  const [trusted, counted] = [new WeakSet<Duplex>(), new WeakSet<Duplex>()];
  let closed = 0;
  const count = (connection: Duplex): void => {
    if (counted.has(connection)) return;
    counted.add(connection);
    connection.once("close", () => (closed += 1));
  };
  const keep = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (connection) => {
    if (!trusted.delete(connection)) return false;
    keep(connection);
    count(connection);
    connection.on("data", closeIt);
    return true;
  };
  agent.reuseSocket = (connection, request) => {
    connection.off("data", closeIt);
    reuse(connection, request);
  };
  return {
    agent,
    trust: (connection) => {
      trusted.add(connection);
    },
    closed: () => closed,
  };
}

function closeIt(this: Duplex): void {
  this.destroy();
}
