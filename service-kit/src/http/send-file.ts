import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A file of a web page, ready to be sent. */
export interface SentFile {
  /** `Content-Type`. */
  readonly type: string;
  readonly content: Buffer;
  /** See {@link entityTagOf}. */
  readonly entityTag: string;
  /** How its bytes are compressed (RFC 9110 section 8.4.1); absent: they are as they are. */
  readonly coding?: string | undefined;
}

/**
 * @param bytes - what is sent
 * @returns what tells it from anything else, in quotes (RFC 9110 section 8.8.3)
 */
export function entityTagOf(bytes: Buffer): string {
  return `"${hash("sha256", bytes, "base64url").slice(0, 27)}"`;
}

/**
 * Sends a page to browsers, or says that they have it.
 *
 * @param req - GET or HEAD
 * @param res - its answer, not begun
 * @param file - what is sent
 * @param how - `Cache-Control`, and `Content-Security-Policy`
 */
export function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  { type, content, entityTag, coding }: SentFile,
  { caching, policy }: { readonly caching: string; readonly policy: string },
): void {
  res.setHeader("Cache-Control", caching);
  res.setHeader("ETag", entityTag);
  res.setHeader("Content-Security-Policy", policy);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  if (req.headers["if-none-match"] === entityTag) {
    res.statusCode = 304;
    res.end();
    return;
  }
  if (coding !== undefined) res.setHeader("Content-Encoding", coding);
  res.setHeader("Content-Type", type);
  res.setHeader("Content-Length", content.length);
  res.end(req.method === "HEAD" ? undefined : content);
}
