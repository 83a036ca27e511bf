import type { ClientRequestArgs } from "node:http";
import { Agent, type AgentOptions } from "node:https";
import type { Duplex } from "node:stream";
import type { Proxies } from "./proxies.js";

/** From the connection to the proxy until the handshake with whoever is asked is done. */
const TUNNEL_MILLISECONDS = 10_000;

/**
 * Node makes tunnels by itself (`proxyEnv`), but nothing ends one that hangs: it stands in no list of the agent, a
 * request that waits for it does not hear its own signal, and a proxy that is silent would keep connections for good.
 *
 * @param proxies - which hosts are asked by the proxy for `https:`
 * @param options - of both kinds of connections
 * @param milliseconds - how long a tunnel may take
 * @returns an agent that asks each host by the proxy or directly, as is due
 */
export function tunnelAgent(
  proxies: Proxies,
  options: AgentOptions,
  milliseconds = TUNNEL_MILLISECONDS,
): Agent {
  const direct = new Agent(options);
  if (proxies.https === null) return direct;
  const agent = new Agent({ ...options, proxyEnv: { https_proxy: proxies.https.url.reveal() } });
  const byProxy = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  const begun = new Set<Duplex>();
  agent.createConnection = (args, callback) => {
    if (proxies.choose(urlOf(args)) === null) return direct.createConnection(args, callback);
    let settled: () => void = () => undefined;
    const connection = byProxy(args, (error, stream) => {
      settled();
      callback?.(error, stream);
    });
    if (!connection) return connection;
    const deadline = setTimeout(() => {
      connection.destroy(failure(`no tunnel within ${milliseconds} ms`, "ETIMEDOUT"));
    }, milliseconds);
    settled = () => {
      clearTimeout(deadline);
      begun.delete(connection);
    };
    begun.add(connection);
    return connection;
  };
  agent.destroy = () => {
    for (const connection of begun)
      connection.destroy(failure("the agent was ended", "ECONNABORTED"));
    direct.destroy();
    destroy();
  };
  return agent;
}

function urlOf({ host, port }: ClientRequestArgs): URL {
  const name = host ?? "localhost";
  return new URL(`https://${name.includes(":") ? `[${name}]` : name}:${port ?? 443}`);
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
