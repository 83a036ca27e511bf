import { BlockList, isIP } from "node:net";

/** Says whether a host is asked without a proxy. */
export type Bypass = (host: string, port: number) => boolean;

/** What one entry of the list says. */
type Entry = Bypass;

const DNS_NAME =
  /^(?:\*?\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/;

/**
 * `NO_PROXY`: there is no standard; what curl and Go have in common, and where they differ the one that asks less of
 * the proxy. Split by commas or blanks:
 *
 * - `*`: every host
 * - `example.org`: the name and all below it; `.example.org` the same, `*.example.org` only what is below
 * - `10.0.0.1`, `[::1]`: an address as the URL has it; `10.0.0.0/8`: all of a network; names are not looked up
 * - each of names and addresses with a port or, without one, with all
 *
 * @param text - the list
 * @returns the test, or the entries that are not understood
 */
export function parseNoProxy(text: string): Bypass | { readonly unknown: readonly string[] } {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const entries = words.map((word) => ({ word, entry: entryOf(word) }));
  const unknown = entries.filter(({ entry }) => entry === null).map(({ word }) => word);
  if (unknown.length > 0) return { unknown };
  const known = entries.flatMap(({ entry }) => entry ?? []);
  return (host, port) => known.some((matches) => matches(bareHost(host), port));
}

/**
 * @param host - of a URL
 * @returns it in small letters, without brackets and the dot at its end
 */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}

function entryOf(word: string): Entry | null {
  if (word === "*") return () => true;
  if (word.includes("/")) return networkOf(word);
  if (isIP(word) !== 0) return addressOf(word);
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(word) ?? [];
  const entry = isIP(bareHost(name)) === 0 ? nameOf(name) : addressOf(bareHost(name));
  if (entry === null || port === undefined) return entry;
  return (host, asked) => asked === Number(port) && entry(host, asked);
}

function networkOf(word: string): Entry | null {
  const [address = "", bits = ""] = word.split("/");
  const family = isIP(address);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return null;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
  return within(list);
}

function addressOf(address: string): Entry {
  const list = new BlockList();
  list.addAddress(address, isIP(address) === 4 ? "ipv4" : "ipv6");
  return within(list);
}

function within(list: BlockList): Entry {
  return (host) => {
    const family = isIP(host);
    return family !== 0 && list.check(host, family === 4 ? "ipv4" : "ipv6");
  };
}

function nameOf(name: string): Entry | null {
  if (!DNS_NAME.test(name)) return null;
  const base = name.replace(/^\*?\./, "").replace(/\.$/, "");
  const isItself = !name.startsWith("*");
  return (host) => (isItself && host === base) || host.endsWith(`.${base}`);
}
