import { Agent as HttpAgent } from "node:http";
import type { AgentOptions } from "node:https";
import type { ForwardProxy, Proxies } from "./proxies.js";
import { NO_PROXIES } from "./proxies.js";
import { tunnelAgent } from "./tunnel-agent.js";

/** How a URL is asked. */
export interface Way {
  /** Keeps connections. */
  readonly kept: HttpAgent;
  /** Makes a new one for each request. */
  readonly fresh: HttpAgent;
  /** `null`: directly. */
  readonly proxy: ForwardProxy | null;
}

/** Connections to what is not part of the installation. */
export interface Outgoing {
  to(url: URL): Way;
  /** Ends them. */
  close(): void;
}

/** Kept no longer without a request. */
const IDLE_MILLISECONDS = 60_000;

/**
 * @param proxies - who is asked by which proxy
 * @param certificates - `unchecked`: whoever answers is believed to be who was asked
 * @returns connections by them, none yet
 */
export function outgoing(
  proxies: Proxies = NO_PROXIES,
  certificates: "checked" | "unchecked" = "checked",
): Outgoing {
  const believing = certificates === "unchecked" ? { rejectUnauthorized: false } : {};
  const kept = { keepAlive: true, timeout: IDLE_MILLISECONDS, ...believing };
  const pairs = {
    tunnel: pair((options) => tunnelAgent(proxies, options)),
    proxied: pair((options) => new HttpAgent({ ...options, ...absoluteForm(proxies.http) })),
    direct: pair((options) => new HttpAgent(options)),
  };
  function pair(make: (options: AgentOptions) => HttpAgent) {
    return { kept: make(kept), fresh: make(believing) };
  }
  return {
    to: (url) => {
      const proxy = proxies.choose(url);
      if (url.protocol === "https:") return { ...pairs.tunnel, proxy };
      return { ...(proxy === null ? pairs.direct : pairs.proxied), proxy };
    },
    close: () => {
      for (const each of Object.values(pairs)) {
        each.kept.destroy();
        each.fresh.destroy();
      }
    },
  };
}

/** RFC 9112, section 3.2.2: such a proxy gets the request itself; Node writes its target so. */
function absoluteForm(proxy: ForwardProxy | null): AgentOptions {
  return proxy === null ? {} : { proxyEnv: { http_proxy: proxy.url.reveal() } };
}
