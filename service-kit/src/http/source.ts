import { isIPv6 } from "node:net";
import { bareAddress } from "./forwarded.js";

/**
 * @param address - a peer's address; `undefined` when it has gone already
 * @returns what counts as one source: an IPv4 address, or the /64 that one customer of IPv6 has at least
 */
export function sourceOf(address: string | undefined): string {
  const bare = bareAddress(address ?? "") ?? "unknown";
  return isIPv6(bare) ? networkOf(bare, 4) : bare;
}

/**
 * @param address - a client's address
 * @returns the network that it is in, as far as one provider gives it to one customer: the /24 of IPv4, the /48 of IPv6; what is
 *   no address as it is
 */
export function blockOf(address: string): string {
  const bare = bareAddress(address);
  if (bare === null) return address;
  return isIPv6(bare) ? networkOf(bare, 3) : `${bare.split(".").slice(0, 3).join(".")}.0/24`;
}

function networkOf(address: string, groups: number): string {
  const [before = "", after] = address.split("::");
  const split = (text: string) => (text === "" ? [] : text.split(":"));
  const [head, tail] = [split(before), split(after ?? "")];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const all = after === undefined ? head : [...head, ...zeros, ...tail];
  const network = all.slice(0, groups).map((group) => parseInt(group, 16).toString(16));
  return `${network.join(":")}::/${16 * groups}`;
}
