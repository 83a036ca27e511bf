import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { segmentsOf } from "#registry-protocol/path.js";
import { operationFinder } from "#rest-api/find-operation.js";
import { API, type Operation } from "#rest-api/operation.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { allowedHeaders, printableUserAgent } from "./client-headers.js";
import { ownHeaders, type MadeBody, type MadeFor, type MadeRequest } from "./made-request.js";

/** One way to ask the token server. */
export interface TokenServerRoute {
  readonly method: Operation["method"] | "HEAD";
  readonly path: string;
  /** Name for logs and metrics. */
  readonly name: "token" | "token-server.api";
  /** Parameters of the query that go on. */
  readonly parameters: readonly string[];
  /** Most bytes that a body may have, if more than is usual. */
  readonly bodyBytes?: number;
}

/** distribution, "Token Authentication Specification" and "Oauth2 Token Authentication". */
const TOKEN: Readonly<Record<string, readonly string[]>> = {
  GET: ["service", "scope", "client_id", "account", "offline_token"],
  POST: [],
};

/** Beside that the gateway's clients may ask for its operations, and for nothing else. */
const findOperation = operationFinder(OPERATIONS.filter(({ by }) => by === "token-server"));
/** A name that another reader of the path could take for more than one segment of it is none of the token server's. */
const PLAIN = /^[A-Za-z0-9._-]+$/;

/** Who asks, in what form, and from which page, should it be a browser. */
const HEADERS = [
  "Authorization",
  "Content-Type",
  "Accept",
  "If-None-Match",
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
  if (segmentsOf(raw).join("/") === "/token") return tokenRoute(method);
  const found = findOperation(method, raw);
  if (found === null || !Object.values(found.path).every((value) => PLAIN.test(value))) return null;
  const { operation, path } = found;
  return {
    method: method === "HEAD" ? "HEAD" : operation.method,
    path: API + operation.path.replace(/\{(\w+)\}/g, (_, name: string) => path[name] ?? ""),
    name: "token-server.api",
    parameters: Object.keys(operation.query.shape),
    ...(operation.bodyBytes === undefined ? {} : { bodyBytes: operation.bodyBytes }),
  };
}

function tokenRoute(method: string): TokenServerRoute {
  const parameters = Object.hasOwn(TOKEN, method) ? TOKEN[method] : undefined;
  if (parameters !== undefined)
    return { method: method as "GET" | "POST", path: "/token", name: "token", parameters };
  throw new Fault("METHOD_UNSUPPORTED", {
    message: `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: Object.keys(TOKEN).join(", ") },
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
  const body: MadeBody = takesBody(route)
    ? { kind: "whole", bytes: client.body }
    : { kind: "none" };
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

/**
 * @param route - see {@link tokenServerRoute}
 * @returns whether its requests may have a body
 */
export function takesBody({ method }: TokenServerRoute): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}

function writeQuery({ parameters }: TokenServerRoute, asked: URLSearchParams): string {
  const kept = new URLSearchParams([...asked].filter(([name]) => parameters.includes(name)));
  const text = kept.toString();
  if (text.length > MOST_QUERY_CHARACTERS)
    throw new Fault("REQUEST_INVALID", { message: "the parameters are longer than 32 KiB" });
  return text;
}
