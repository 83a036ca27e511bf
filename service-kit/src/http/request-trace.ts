import type { IncomingMessage } from "node:http";
import type { RequestTrace, SpanFacts, Traces } from "../trace.js";
import type { ClientFacts } from "./client-facts.js";
import { knownMethod, statusOf, type EndedRequest } from "./request-line.js";

/** What a method that is none of the usual ones counts as (OpenTelemetry, "Semantic conventions for HTTP spans"). */
const OTHER_METHOD = "_OTHER";

/**
 * @param traces - collects them; `null`: nobody does
 * @param req - a request that came in
 * @param client - where it is from
 * @returns what follows it; `null`: nothing does
 */
export function beginTrace(
  traces: Traces | null,
  req: IncomingMessage,
  client: ClientFacts,
): RequestTrace | null {
  if (traces === null) return null;
  const facts = {
    "http.request.method": methodOf(req),
    "url.scheme": client.scheme,
    "network.protocol.version": req.httpVersion,
    "client.address": client.address,
  };
  return traces.begin({ headers: req.headers, isTrusted: client.isProxied, facts });
}

/**
 * Neither path nor query is shown: what stands in them was not always understood, and uploads are continued by theirs.
 *
 * @param trace - what follows a request; `null`: nothing does
 * @param ended - the request
 */
export function endTrace(
  trace: RequestTrace | null,
  { req, res, context }: Pick<EndedRequest, "req" | "res" | "context">,
): void {
  if (trace === null) return;
  const { route, requestId, subject, failure } = context;
  const status = statusOf(res);
  const isFailed = status === "aborted" || res.statusCode >= 500;
  trace.end({
    name: `${methodOf(req)} ${route}`,
    facts: {
      "http.route": route,
      ...(status === "aborted" ? {} : { "http.response.status_code": res.statusCode }),
      "wharfinger.request_id": requestId,
      ...named("wharfinger.repository", subject.repository),
      ...named("wharfinger.reference", subject.reference),
      ...named("wharfinger.fault", failure?.code),
    },
    ...(isFailed ? { error: status } : {}),
  });
}

function methodOf({ method }: IncomingMessage): string {
  const known = knownMethod(method);
  return known === "other" ? OTHER_METHOD : known;
}

function named(name: string, value: string | undefined): SpanFacts {
  return value === undefined ? {} : { [name]: value };
}
