import { Resolver, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { bareHost } from "#service-kit/http/no-proxy.js";
import type { ResolveAll } from "./address-guard.js";

/** Networks behind a proxy often have no name server that knows names elsewhere, or one that does not answer. */
const RESOLVE_MILLISECONDS = 1_000;
const REMEMBERED_MILLISECONDS = 60_000;

/**
 * Behind a proxy it is the proxy that finds the addresses of a name, and what we find says little of what it finds.
 * What we find to be out of bounds is refused all the same; a name that we cannot find is the proxy's matter.
 *
 * @param hostname - of a URL
 * @param isForbidden - which addresses are out of bounds
 * @param resolve - finds the addresses; absent: the name servers, since proxies do not read our `/etc/hosts`
 * @returns looks the name up, once a minute at most: whether any of its addresses is forbidden
 */
export function nameGuard(
  hostname: string,
  isForbidden: (address: string) => boolean,
  resolve: ResolveAll = askNameServers,
): () => Promise<boolean> {
  const name = bareHost(hostname);
  let known = { answer: Promise.resolve(false), until: 0 };
  const look = () =>
    new Promise<boolean>((found) => {
      resolve(name, { all: true }, (error, addresses) => {
        found(error === null && addresses.some(({ address }) => isForbidden(address)));
      });
    });
  return () => {
    if (isIP(name) !== 0) return Promise.resolve(isForbidden(name));
    const now = performance.now();
    if (now >= known.until) known = { answer: look(), until: now + REMEMBERED_MILLISECONDS };
    return known.answer;
  };
}

/** Not by `lookup`, which would take a thread of few for as long as a name server is silent. */
const askNameServers: ResolveAll = (hostname, _options, callback) => {
  const resolver = new Resolver({ timeout: RESOLVE_MILLISECONDS, tries: 1 });
  const addressesOf = (family: 4 | 6) =>
    new Promise<LookupAddress[]>((found) => {
      const done = (_error: unknown, addresses: string[] | undefined) => {
        found((addresses ?? []).map((address) => ({ address, family })));
      };
      if (family === 4) resolver.resolve4(hostname, done);
      else resolver.resolve6(hostname, done);
    });
  void Promise.all([addressesOf(4), addressesOf(6)]).then((found) => {
    callback(null, found.flat());
  });
};
