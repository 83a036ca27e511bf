import type { Request, Response } from "express";
import type { RegistryRequest } from "#registry-protocol/request.js";
import type { RequestContext } from "#service-kit/http/request-context.js";
import type { AuditActor } from "#audit-log/entry.js";
import type { Caller } from "./caller.js";

/** One request to the registry API that its caller is allowed to make, on its way to an answer. */
export interface Exchange<R extends RegistryRequest = RegistryRequest> {
  readonly req: Request;
  readonly res: Response;
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
    address: req.ip ?? "",
    userAgent: (req.headers["user-agent"] ?? "").slice(0, 200),
    requestId: context.requestId,
  };
}
