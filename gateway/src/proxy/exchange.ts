import type { ServerResponse } from "node:http";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import type { Access } from "#registry-protocol/scope.js";
import { userAgentOf, type RequestContext } from "#service-kit/http/request-line.js";
import type { AuditActor } from "#audit-log/entry.js";
import { requiredAccess } from "./access.js";
import type { Caller } from "./caller.js";
import { grantedBy } from "./granted-by.js";

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
 * @returns who makes it, from where and by what, for the ledger and the audit log
 */
export function actorOf(exchange: Exchange): AuditActor {
  return actorFor(exchange, requiredAccess(exchange.request));
}

/**
 * @param exchange - a request of any API
 * @param required - what it takes of the token, and is about
 * @returns who makes it, from where and by what, for the ledger and the audit log
 */
export function actorFor(
  { req, caller, context }: Pick<Exchange, "req" | "caller" | "context">,
  required: Access | null,
): AuditActor {
  const grant = grantedBy(caller, required);
  return {
    uid: caller.subject,
    realm: caller.realm,
    kind: caller.kind,
    address: context.client.address,
    userAgent: userAgentOf(req),
    requestId: context.requestId,
    ...(grant === null ? {} : { grant }),
  };
}
