import type { RequestHandler, Router } from "express";
import type { Operation } from "#rest-api/operation.js";

/**
 * @param routes - a router that is mounted where all operations are
 * @param operation - one that the token server answers
 * @param handler - answers it
 */
export function mount(routes: Router, { method, path }: Operation, handler: RequestHandler): void {
  const form = path.replace(/\{(\w+)\}/g, ":$1");
  routes[METHODS[method]](form, handler);
}

const METHODS = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;
