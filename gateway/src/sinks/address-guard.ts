import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP, SocketAddress, type LookupFunction } from "node:net";
import { networks } from "#access-policy/networks.js";

/** A name or address leads to where machines keep their credentials. */
export class ForbiddenAddress extends Error {
  override readonly name = "ForbiddenAddress";
}

/** Finds all addresses of a name. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Link-local networks (RFC 3927, RFC 4291 section 2.5.6) and addresses outside of them under which clouds serve
 * the credentials of machines and containers; and the forms of IPv6 that carry one of them: mapped, compatible,
 * translated (RFC 2765), NAT64 (RFC 6052) and 6to4 (RFC 3056).
 */
const FORBIDDEN_IPV4 = ["169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192"];
const FORBIDDEN_IPV6 = ["fe80::/10", "fd00:ec2::/32", "fd20:ce::254"];
const forbidden = networks([
  ...FORBIDDEN_IPV4,
  ...FORBIDDEN_IPV6,
  ...FORBIDDEN_IPV4.flatMap(carriersOf),
]);
/** Of NAT64 in one's own network (RFC 8215): who runs it chooses a prefix of 48, 56, 64 or 96 bits in it. */
const localNat64 = networks(["64:ff9b:1::/48"]);

/**
 * @param address - an IP address, IPv6 also with a zone
 * @returns whether it is link-local or serves metadata of a cloud
 */
export function isForbiddenAddress(address: string): boolean {
  const [bare = ""] = address.split("%");
  const family = isIP(bare);
  if (family === 0) return false;
  const socket = new SocketAddress({ address: bare, family: family === 4 ? "ipv4" : "ipv6" });
  if (forbidden.has(socket)) return true;
  return localNat64.has(socket) && carriedByLocalNat64(bare).some(isForbiddenAddress);
}

/**
 * An address in a URL is connected to without any look-up.
 *
 * @param url - where something is to be sent
 * @returns whether its host is a forbidden address, however it is written
 */
export function isForbiddenLiteral(url: URL): boolean {
  return isForbiddenAddress(url.hostname.replace(/^\[|\]$/g, ""));
}

/**
 * The connection is made to the addresses that were checked, with no other look-up in between: a name whose
 * answers change (DNS rebinding) gains nothing.
 *
 * @param isForbidden - which addresses are out of bounds
 * @param resolve - finds the addresses; the system's by default
 * @returns look-up for connections that fails with ForbiddenAddress when any address of the name is forbidden
 */
export function guardedLookup(
  isForbidden: (address: string) => boolean,
  resolve: ResolveAll = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const [first] = addresses;
      if (addresses.some(({ address }) => isForbidden(address)))
        callback(new ForbiddenAddress(`${hostname} leads to a link-local or metadata address`), []);
      else if (options.all === true || first === undefined) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function carriersOf(network: string): string[] {
  const [address = "", bits = "32"] = network.split("/");
  const bytes = address.split(".").map(Number);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const words = `${hex.slice(0, 4)}:${hex.slice(4)}`;
  const within = (prefix: string, before: number) => `${prefix}/${before + Number(bits)}`;
  return [
    within(`::ffff:${words}`, 96),
    within(`::${words}`, 96),
    within(`::ffff:0:${words}`, 96),
    within(`64:ff9b::${words}`, 96),
    within(`2002:${words}::`, 16),
  ];
}

/** RFC 6052, section 2.2: byte 8 is left out by prefixes of less than 96 bits. */
function carriedByLocalNat64(address: string): string[] {
  const bytes = bytesOf(address);
  const placesByPrefix = [
    [6, 7, 9, 10],
    [7, 9, 10, 11],
    [9, 10, 11, 12],
    [12, 13, 14, 15],
  ];
  return placesByPrefix.map((places) => places.map((place) => bytes[place]).join("."));
}

function bytesOf(ipv6: string): number[] {
  // A URL writes all of it in hexadecimal, also where it ended in dotted decimals.
  const [head = "", tail = ""] = new URL(`http://[${ipv6}]`).hostname.slice(1, -1).split("::");
  const [before = [], after = []] = [head, tail].map((part) => part.split(":").filter(Boolean));
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after]
    .map((word) => parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 0xff]);
}
