import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** Somebody has a whole /64 of IPv6 (RFC 6177), so that is one source. */
const PREFIX_GROUPS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** What proxies put after an address that is theirs to forward: `192.0.2.1:5555`, `[2001:db8::1]:5555`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/;

/**
 * @param address - of a client, as the connection or a proxy says it
 * @returns what its failures are counted under: an IPv4 address, or the /64 of an IPv6 one, without port and zone;
 *   `unknown` for whatever is no address, so that nobody gets a new count by making one up
 */
export function sourceKey(address: string): string {
  const trimmed = address.trim();
  const [, bracketed, bare] = WITH_PORT.exec(trimmed) ?? [];
  const plain = (bracketed ?? bare ?? trimmed).replace(/%.*$/, "");
  const host = MAPPED_IPV4.exec(plain)?.[1] ?? plain;
  if (isIPv4(host)) return host;
  if (!isIPv6(host)) return "unknown";
  // Node writes every address in one way.
  const { address: canonical } = new SocketAddress({ address: host, family: "ipv6" });
  const mapped = MAPPED_IPV4.exec(canonical)?.[1];
  return mapped ?? `${groupsOf(canonical).slice(0, PREFIX_GROUPS).join(":")}::/64`;
}

/** The eight groups of an IPv6 address (RFC 5952) without leading zeros. */
function groupsOf(address: string): string[] {
  const [before = "", after] = address.split("::");
  const split = (text: string) => (text === "" ? [] : text.split(":").flatMap(groupsOfPart));
  const head = split(before);
  if (after === undefined) return head;
  const tail = split(after);
  return [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
}

/** The last part may be an IPv4 address, which is two groups. */
function groupsOfPart(part: string): string[] {
  if (!part.includes(".")) return [part];
  const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}
