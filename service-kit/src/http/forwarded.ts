import { isIP } from "node:net";

/** What one proxy says of whom it got a request from (RFC 7239 section 4). */
export interface ForwardedElement {
  /** Bare address; `null` where it is hidden, unknown or none. */
  readonly address: string | null;
  readonly proto: string | null;
  readonly host: string | null;
}

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * @param text - an address as sockets name it, with a zone or mapped from IPv4
 * @returns the bare address, IPv6 in lower case; `null` when it is none
 */
export function bareAddress(text: string): string | null {
  const address = text.replace(/%.*$/, "").toLowerCase();
  const mapped = IPV4_MAPPED.exec(address)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  return isIP(address) === 0 ? null : address;
}

/**
 * Proxies write `192.0.2.1`, `192.0.2.1:4711` (Azure, AWS by an option), `2001:db8::1`, `[2001:db8::1]`,
 * `[2001:db8::1]:4711`, each of them also in quotes.
 *
 * @param text - one hop of `X-Forwarded-For`, or the `for` of RFC 7239 section 6
 * @returns the bare address; `null` for `unknown`, `_hidden` and everything else
 */
function addressOfHop(text: string): string | null {
  const hop = text.trim().replace(/^"(.*)"$/, "$1");
  const inBrackets = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1];
  if (inBrackets !== undefined) return isIPv6Text(inBrackets) ? bareAddress(inBrackets) : null;
  return bareAddress(/^([0-9.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop);
}

function isIPv6Text(text: string): boolean {
  return isIP(text.replace(/%.*$/, "")) === 6;
}

/**
 * @param values - all `X-Forwarded-For` headers in their order
 * @returns the hops, the nearest last; `null` for one that is no address
 */
export function hopsOf(values: readonly string[]): (string | null)[] {
  return values.join(",").split(",").map(addressOfHop);
}

/** RFC 7239 section 4: `token=value`, where a value is a token or a quoted text. */
const PAIR =
  /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*(;|,|$)/;

/**
 * @param values - all `Forwarded` headers in their order
 * @returns the elements, the nearest proxy's last; `null` when it is not of the form
 */
export function parseForwarded(values: readonly string[]): ForwardedElement[] | null {
  const elements: ForwardedElement[] = [];
  let rest = values.join(",");
  let pairs = new Map<string, string>();
  while (rest.trim() !== "") {
    const match = PAIR.exec(rest);
    if (match === null) return null;
    const [whole, name = "", quoted, plain = "", end] = match;
    if (pairs.has(name.toLowerCase())) return null;
    pairs.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
    rest = rest.slice(whole.length);
    if (end !== ";") {
      elements.push(elementOf(pairs));
      pairs = new Map();
    }
  }
  return pairs.size === 0 ? elements : [...elements, elementOf(pairs)];
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement {
  return {
    address: addressOfHop(pairs.get("for") ?? ""),
    proto: pairs.get("proto") ?? null,
    host: pairs.get("host") ?? null,
  };
}
