import type { RequestHandler } from "express";
import { contextOf } from "#service-kit/http/request-context.js";

/**
 * @param route - name of a route, for logs and metrics
 * @returns a handler that notes it
 */
export function named(route: string): RequestHandler {
  return (req, _res, next) => {
    contextOf(req).route = route;
    next();
  };
}
