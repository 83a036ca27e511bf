import type { IncomingMessage, ServerResponse } from "node:http";
import { splitTarget } from "#registry-protocol/path.js";
import type { Readiness } from "../readiness.js";
import { contextOf } from "./request-context.js";
import { sendJson } from "./send-fault.js";

/** Answers what it knows, and passes everything else on. */
export type ProbeHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  next: () => void,
) => Promise<void> | void;

/**
 * @param readiness - whether the service can do its work
 * @returns what answers `/.well-known/health` while the process runs, and `/ready`
 */
export function probeRoutes(readiness: { check(): Promise<Readiness> }): ProbeHandler {
  return async (req, res, next) => {
    const asks = req.method === "GET" || req.method === "HEAD";
    const { path } = splitTarget(req.url ?? "");
    if (asks && path === "/.well-known/health") {
      contextOf(req).route = "health";
      sendJson(res, 200, { health: true });
    } else if (asks && path === "/ready") {
      contextOf(req).route = "ready";
      const found = await readiness.check();
      sendJson(res, found.ready ? 200 : 503, found);
    } else next();
  };
}
