import { LRUCache } from "lru-cache";
import { BlockList, isIP } from "node:net";

/** Says whether what a peer with this bare address tells of others counts. */
export type TrustedPeers = (address: string) => boolean;

/** The list is gone through for each; most requests come from a few. */
const REMEMBERED_ADDRESSES = 1_000;

/** The names that may stand for networks (as Express has them). */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/**
 * @param ranges - addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`, known to be well formed
 * @returns the test; without ranges it trusts nobody
 */
export function trustedPeers(ranges: readonly string[]): TrustedPeers {
  const list = new BlockList();
  for (const range of ranges.flatMap((name) => NAMED[name] ?? [name])) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    list.addSubnet(address, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  }
  const isIn = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
  const known = new LRUCache<string, boolean>({ max: REMEMBERED_ADDRESSES });
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const answer = isIn(address);
    known.set(address, answer);
    return answer;
  };
}
