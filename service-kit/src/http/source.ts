import { isIPv6 } from "node:net";
import { bareAddress } from "./forwarded.js";

/**
 * @param address - a peer's address; `undefined` when it has gone already
 * @returns what counts as one source: an IPv4 address, or the /64 that one customer of IPv6 has at least
 */
export function sourceOf(address: string | undefined): string {
  const bare = bareAddress(address ?? "") ?? "unknown";
  if (!isIPv6(bare)) return bare;
  const [before = "", after] = bare.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const all = after === undefined ? head : [...head, ...zeros, ...tail];
  const network = all.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
