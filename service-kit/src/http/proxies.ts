import { BlockList, isIP } from "node:net";
import type { EnvReader } from "../config.js";
import { Secret } from "../secret.js";
import type { SecretForm } from "../secret-form.js";
import { bareHost, parseNoProxy, type Bypass } from "./no-proxy.js";

/** A proxy by which requests leave the network. */
export interface ForwardProxy {
  /** Host and port, for operators: nothing of its credentials. */
  readonly name: string;
  /** With credentials, if it wants any. */
  readonly url: Secret;
}

/** Which requests go by a proxy. */
export interface Proxies {
  readonly http: ForwardProxy | null;
  readonly https: ForwardProxy | null;
  /** @returns the proxy by which a URL is asked; `null`: it is asked directly */
  choose(url: URL): ForwardProxy | null;
}

/** Every URL is asked directly. */
export const NO_PROXIES: Proxies = { http: null, https: null, choose: () => null };

/**
 * @param proxies - which there are
 * @returns their names, for the log
 */
export function namesOf({ http, https }: Pick<Proxies, "http" | "https">) {
  return { http: http?.name ?? null, https: https?.name ?? null };
}

const WANTED =
  "http:// or https:// and a host, with a port and percent-encoded credentials if need be";
const PROXY_URL: SecretForm = { wanted: WANTED, accepts: (text) => proxyOf(text) !== null };
const NOWHERE: Bypass = () => false;

/** A proxy elsewhere cannot reach them; Go's `httpproxy` has the same exception. */
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Before it, agents leave `proxyEnv` unheeded without a word. */
const NODE_WITH_PROXIES = { major: 24, minor: 5 };

/**
 * @param read - environment variables; faults are left there
 * @param node - version of Node
 * @returns the proxies of `HTTPS_PROXY` and `HTTP_PROXY`, past which `NO_PROXY` leads
 */
export function readProxies(read: EnvReader, node = process.versions.node): Proxies {
  const given = {
    https: read.optionalSecret("HTTPS_PROXY", PROXY_URL, {
      meaning:
        "proxy by which `https://` services are asked that are not part of Wharfinger, by CONNECT (docs/proxies.md)",
      wanted: "secret: `http://` or `https://`, credentials, host and port",
    }),
    http: read.optionalSecret("HTTP_PROXY", PROXY_URL, {
      meaning: "the same for `http://` services",
      wanted: "secret: `http://` or `https://`, credentials, host and port",
    }),
    none: read.optionalText("NO_PROXY", {
      meaning: "hosts that are asked directly all the same",
      wanted: "names, addresses, networks, split by commas; `*`: every host",
    }),
  };
  const https = either(
    read,
    "HTTPS_PROXY",
    given.https?.reveal(),
    read.optionalText("https_proxy", "as `HTTPS_PROXY`"),
  );
  const http = either(
    read,
    "HTTP_PROXY",
    given.http?.reveal(),
    read.optionalText("http_proxy", "as `HTTP_PROXY`"),
  );
  const none = either(read, "NO_PROXY", given.none, read.optionalText("no_proxy", "as `NO_PROXY`"));
  const proxies = {
    http: proxyIn(read, "http_proxy", http),
    https: proxyIn(read, "https_proxy", https),
  };
  // Shared with many programs: where nothing depends on it, it may hold what it likes.
  const isNeeded = proxies.http !== null || proxies.https !== null;
  if (isNeeded && !knowsProxies(node))
    read.fault("HTTPS_PROXY, HTTP_PROXY", `want Node 24.5 or later, this is ${node}`);
  const bypass = isNeeded && none !== null ? bypassIn(read, none) : NOWHERE;
  return { ...proxies, choose: (url) => choice(url, proxies, bypass) };
}

function knowsProxies(node: string): boolean {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const { major: first, minor: least } = NODE_WITH_PROXIES;
  return major > first || (major === first && minor >= least);
}

function choice(
  url: URL,
  { http, https }: Pick<Proxies, "http" | "https">,
  bypass: Bypass,
): ForwardProxy | null {
  const isTls = url.protocol === "https:";
  const port = Number(url.port) || (isTls ? 443 : 80);
  return isLoopback(url.hostname) || bypass(url.hostname, port) ? null : isTls ? https : http;
}

function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname);
  const family = isIP(host);
  if (family === 0) return host === "localhost" || host.endsWith(".localhost");
  return loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** curl reads the small letters first and Go the capitals: whoever has both means the same by them. */
function either(
  read: EnvReader,
  name: string,
  capitals: string | null | undefined,
  small: string | null,
): string | null {
  const [first, second] = [capitals?.trim() || null, small];
  if (first !== null && second !== null && first !== second)
    read.fault(name, `differs from ${name.toLowerCase()}, wanted one of them, or the same`);
  return first ?? second;
}

function proxyIn(read: EnvReader, name: string, text: string | null): ForwardProxy | null {
  if (text === null) return null;
  const proxy = proxyOf(text);
  if (proxy === null) read.fault(name, `given one of another form, wanted ${WANTED}`);
  return proxy;
}

function bypassIn(read: EnvReader, text: string): Bypass {
  const bypass = parseNoProxy(text);
  if (typeof bypass === "function") return bypass;
  read.fault("NO_PROXY", `not understood: ${bypass.unknown.join(", ")}; ${NO_PROXY_WANTED}`);
  return NOWHERE;
}

const NO_PROXY_WANTED =
  "wanted names (also .example.org, *.example.org), addresses, networks such as 10.0.0.0/8, each of the first two with a port if need be, or *";

/** As curl and Go do, a host alone is taken for that of an `http://` proxy. */
function proxyOf(given: string): ForwardProxy | null {
  const text = given.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return null;
  const url = new URL(full);
  const isGood =
    /^https?:$/.test(url.protocol) &&
    /^\/?$/.test(url.pathname) &&
    url.search === "" &&
    url.hash === "" &&
    [url.username, url.password].every(isDecodable);
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return isGood ? { name: `${url.hostname}:${port}`, url: new Secret(url.href) } : null;
}

function isDecodable(text: string): boolean {
  try {
    return !/\p{Cc}/u.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}
