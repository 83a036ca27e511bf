import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { segmentsOf } from "#registry-protocol/path.js";
import { allowedHeaders, printableUserAgent } from "./client-headers.js";
import { ownHeaders, type MadeBody, type MadeFor, type MadeRequest } from "./made-request.js";

/** One way to ask the token server. */
export interface TokenServerRoute {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Name for logs and metrics. */
  readonly name: "token" | "token-server.api";
  /** Parameters of the query that go on. */
  readonly parameters: readonly string[];
}

/** What of it the gateway's clients may ask: everything about who is who. */
const ROUTES: readonly {
  readonly path: RegExp;
  readonly methods: Partial<Record<TokenServerRoute["method"], readonly string[]>>;
}[] = [
  {
    // distribution, "Token Authentication Specification" and "Oauth2 Token Authentication".
    path: /^\/token$/,
    methods: { GET: ["service", "scope", "client_id", "account", "offline_token"], POST: [] },
  },
  { path: /^\/api\/v1\/explain$/, methods: { GET: ["action", "repository"], POST: [] } },
  { path: /^\/api\/v1\/refresh-tokens$/, methods: { GET: ["limit", "after"], DELETE: [] } },
  { path: /^\/api\/v1\/refresh-tokens\/[a-z0-9-]+$/, methods: { DELETE: [] } },
  { path: /^\/api\/v1\/robots\/exceeding$/, methods: { GET: [] } },
  { path: /^\/api\/v1\/teams\/[a-z0-9._-]+\/robots$/, methods: { GET: [], POST: [] } },
  {
    path: /^\/api\/v1\/teams\/[a-z0-9._-]+\/robots\/[a-z0-9-]+\/(?:rotate|disable|enable)$/,
    methods: { POST: [] },
  },
];

/** Who asks, in what form, and from which page, should it be a browser. */
const HEADERS = [
  "Authorization",
  "Content-Type",
  "Accept",
  "Origin",
  "Sec-Fetch-Site",
  "Sec-Fetch-Mode",
] as const;

/** Headers of the token server's listener are bounded: what would not fit is refused here. */
const MOST_QUERY_CHARACTERS = 32 * 1024;

/**
 * @param method - HTTP method
 * @param raw - path of the request target exactly as received
 * @returns how the token server is asked so, or `null` when the path is none of its own
 * @throws Fault METHOD_UNSUPPORTED, or REQUEST_INVALID when the path cannot be decoded
 */
export function tokenServerRoute(method: string, raw: string): TokenServerRoute | null {
  const segments = segmentsOf(raw);
  if (segments.some((segment) => segment.includes("/"))) return null;
  const path = segments.join("/");
  const route = ROUTES.find((candidate) => candidate.path.test(path));
  if (route === undefined) return null;
  const name = path === "/token" ? "token" : "token-server.api";
  for (const [allowed, parameters] of Object.entries(route.methods))
    if (allowed === method)
      return { method: allowed as TokenServerRoute["method"], path, name, parameters };
  throw new Fault("METHOD_UNSUPPORTED", {
    message: `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: Object.keys(route.methods).join(", ") },
  });
}

/**
 * Makes the token server's request from what was understood of a client's: parameters and headers of an allow-list,
 * and a body that was read whole.
 *
 * @param route - see {@link tokenServerRoute}
 * @param client - parameters and headers of the client's request, and its body's bytes
 * @param facts - what the gateway says itself
 * @returns the request, complete
 * @throws Fault REQUEST_INVALID for parameters longer than 32 KiB, and as {@link allowedHeaders}
 */
export function tokenServerRequest(
  route: TokenServerRoute,
  client: {
    readonly query: URLSearchParams;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  },
  facts: Omit<MadeFor, "authorization">,
): MadeRequest {
  const query = writeQuery(route, client.query);
  const userAgent = printableUserAgent(client.headers);
  const body: MadeBody =
    route.method === "POST" ? { kind: "whole", bytes: client.body } : { kind: "none" };
  return {
    method: route.method,
    target: query === "" ? route.path : `${route.path}?${query}`,
    headers: {
      ...ownHeaders({ ...facts, authorization: undefined }),
      ...(userAgent === undefined ? {} : { "User-Agent": userAgent }),
      ...allowedHeaders(client.headers, HEADERS),
    },
    body,
  };
}

function writeQuery({ parameters }: TokenServerRoute, asked: URLSearchParams): string {
  const kept = new URLSearchParams([...asked].filter(([name]) => parameters.includes(name)));
  const text = kept.toString();
  if (text.length > MOST_QUERY_CHARACTERS)
    throw new Fault("REQUEST_INVALID", { message: "the parameters are longer than 32 KiB" });
  return text;
}
