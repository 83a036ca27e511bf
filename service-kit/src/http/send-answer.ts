import type { IncomingMessage, ServerResponse } from "node:http";
import { entityTagOf } from "./send-file.js";
import { jsonBytes, sendJsonBytes } from "./send-fault.js";

/** What a REST request is answered. */
export interface RestAnswer {
  /** Absent: 200. */
  readonly status?: number;
  /** Serialised as JSON; `undefined`: there is none. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nobody else's cache may keep it, and one's own has to ask whether it still is so. */
const CACHE_CONTROL = "private, no-cache";

/**
 * Whoever has the same answer already, and says so, is told that alone (RFC 9110 section 13.1.2).
 *
 * @param req - a request to the REST API
 * @param res - its answer, not begun
 * @param answer - what it is; what has a `Cache-Control: no-store` gets no entity-tag
 */
export function sendAnswer(req: IncomingMessage, res: ServerResponse, answer: RestAnswer): void {
  const { status = 200, body, headers = {} } = answer;
  if (!res.hasHeader("Cache-Control")) res.setHeader("Cache-Control", CACHE_CONTROL);
  res.appendHeader("Vary", "Authorization");
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (body === undefined) {
    res.statusCode = status;
    res.end();
    return;
  }
  const bytes = jsonBytes(body);
  const isReading = req.method === "GET" || req.method === "HEAD";
  if (isReading && status === 200 && res.getHeader("Cache-Control") !== "no-store") {
    const tag = entityTagOf(bytes);
    res.setHeader("ETag", tag);
    if (isShown(tag, req.headers["if-none-match"])) {
      res.statusCode = 304;
      res.end();
      return;
    }
  }
  sendJsonBytes(res, status, bytes);
}

/** Weakly, as caches ask; ours hold no comma. What is no list of entity-tags names none. */
function isShown(tag: string, header: string | undefined): boolean {
  if (header === undefined) return false;
  const shown = header.split(",").map((one) => one.trim().replace(/^W\//, ""));
  return shown.includes("*") || shown.includes(tag);
}
