import type { RequestListener, ServerResponse } from "node:http";
import express, { type Request, type RequestHandler, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { listenerOf, type DirectRoute, type HttpRequest } from "./http-request.js";
import { sendFault } from "./send-fault.js";
import { withRequestAtHand } from "../request-at-hand.js";

/** What a part of a service answers. */
export interface Routed {
  /** Asked before any router, for what everybody waits for; absent: nothing. */
  readonly direct?: DirectRoute;
  readonly routes: readonly RequestHandler[];
}

/**
 * What every request passes first, whatever it is about: opens its context, and may refuse or answer it.
 *
 * @returns whether it goes on
 */
export type Enter = (req: HttpRequest, res: ServerResponse) => boolean;

/**
 * What is asked for thousands of times a second is answered without a router (decision 0017); everything else goes through
 * Express.
 *
 * @param enter - what comes first
 * @param parts - all that answer, in the order in which they are asked
 * @returns every route of a listener
 */
export function entryListener(enter: Enter, parts: readonly Routed[]): RequestListener {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  for (const { routes } of parts) for (const handler of routes) app.use(handler);
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error);
  });
  const direct = parts.flatMap((part) => part.direct ?? []);
  const answer = (req: HttpRequest, res: ServerResponse) => {
    try {
      if (!enter(req, res)) return;
      for (const answers of direct) if (answers(req, res)) return;
    } catch (error) {
      sendFault(req, res, error);
      return;
    }
    app(req, res);
  };
  return listenerOf((req, res) => {
    withRequestAtHand(() => {
      answer(req, res);
    });
  });
}
