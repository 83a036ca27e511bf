import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { once } from "node:events";
import type { Proxies } from "#service-kit/http/proxies.js";
import { bad, good, reasonOf, type Finding } from "./finding.js";

const TIMEOUT_MILLISECONDS = 5_000;

/** A host, and the variable that names it. */
export interface NamedHost {
  readonly variable: string;
  readonly host: string;
}

/**
 * @param hosts - all that the configuration names
 * @returns whether each name has addresses here
 */
export async function checkNames(hosts: readonly NamedHost[]): Promise<readonly Finding[]> {
  const named = hosts.filter(({ host }) => host !== "" && isIP(bare(host)) === 0);
  return Promise.all(named.map(checkName));
}

async function checkName({ variable, host }: NamedHost): Promise<Finding> {
  try {
    const addresses = await lookup(bare(host), { all: true });
    return good("DNS", `${host} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    const { code = "failed" } = error as NodeJS.ErrnoException;
    return bad("DNS", `${host} has no address here (${code})`, `mend DNS, or ${variable}`);
  }
}

/**
 * @param proxies - by which sinks are asked
 * @returns whether something listens where each is
 */
export async function checkProxies({ http, https }: Proxies): Promise<readonly Finding[]> {
  const named = [...new Set([http?.name, https?.name])].filter((name) => name !== undefined);
  if (named.length === 0) return [good("proxies", "none is named")];
  return Promise.all(named.map(checkProxy));
}

async function checkProxy(name: string): Promise<Finding> {
  const { hostname, port } = new URL(`http://${name}`);
  const socket = connect({ host: bare(hostname), port: Number(port || 80) });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
    return good(
      "proxies",
      `${name} takes connections; registry and token server are asked without`,
    );
  } catch (error) {
    return bad(
      "proxies",
      `${name}: ${reasonOf(error)}`,
      "mend HTTPS_PROXY and HTTP_PROXY, or the proxy: sinks beyond it get nothing (docs/proxies.md)",
    );
  } finally {
    socket.destroy();
  }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
