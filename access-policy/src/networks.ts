import { BlockList, isIP, type SocketAddress } from "node:net";

/** A network that cannot be used; the message says what is wrong with it. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

/** A set of networks. */
export interface Networks {
  /** @returns whether the address is in one of them */
  has(address: SocketAddress): boolean;
}

/**
 * @param ranges - IPv4 and IPv6 networks as CIDR (`10.0.0.0/8`, `fd00::/8`) or single addresses
 * @returns the set of them
 * @throws NetworkError
 */
export function networks(ranges: readonly string[]): Networks {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return { has: (address) => list.check(address) };
}

function addRange(list: BlockList, range: string): void {
  const [, address = "", prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const family = isIP(address);
  if (family === 0)
    throw new NetworkError(`"${range}" is no IP network such as 10.0.0.0/8 or fd00::/8`);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) throw new NetworkError(`"${range}" has a prefix of more than ${bits} bits`);
  list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
}
