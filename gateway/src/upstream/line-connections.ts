import { Agent } from "node:http";
import type { Duplex } from "node:stream";
import { LineExchange } from "./line-exchange.js";
import { lines } from "./lines.js";

/** Connections of which an exchange may take over the reading. */
export interface LineConnections {
  readonly agent: Agent;
  /** As of kept connections: without it, a connection is closed after its exchange. */
  trust(connection: Duplex): void;
}

/**
 * To Node's HTTP client each exchange is a connection of its own; below, connections are kept by the same rule as elsewhere: by
 * permission.
 *
 * @param url - of the upstream, without TLS
 * @returns its connections, none yet
 */
export function lineConnections({ hostname, port }: URL): LineConnections {
  const own = lines(hostname.replace(/^\[|\]$/g, ""), port === "" ? 80 : Number(port));
  const trusted = new WeakSet<Duplex>();
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => new LineExchange(own);
  agent.keepSocketAlive = (connection) => {
    if (trusted.delete(connection) && connection instanceof LineExchange) connection.giveBack();
    return false;
  };
  return {
    agent,
    trust: (connection) => {
      trusted.add(connection);
    },
  };
}
