import type { ServerResponse } from "node:http";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { userAgentOf, type RequestContext } from "#service-kit/http/request-line.js";
import type { AuditActor } from "#audit-log/entry.js";
import type { Caller } from "./caller.js";

/** One request to the registry API that its caller is allowed to make, on its way to an answer. */
export interface Exchange<R extends RegistryRequest = RegistryRequest> {
  readonly req: HttpRequest;
  readonly res: ServerResponse;
  readonly request: R;
  readonly caller: Caller;
  readonly context: RequestContext;
}

/** An exchange about one kind of request. */
export type ExchangeOf<K extends RegistryRequest["kind"]> = Exchange<
  Extract<RegistryRequest, { kind: K }>
>;

/**
 * @param exchange - a request
 * @returns who makes it and from where, for the ledger and the audit log
 */
export function actorOf({
  req,
  caller,
  context,
}: Pick<Exchange, "req" | "caller" | "context">): AuditActor {
  return {
    uid: caller.subject,
    realm: caller.realm,
    kind: caller.kind,
    address: context.client.address,
    userAgent: userAgentOf(req),
    requestId: context.requestId,
  };
}
