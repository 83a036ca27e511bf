import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

const READING: readonly (string | undefined)[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Browsers send credentials that they keep with whatever a page makes them ask for. Who sends neither header is no
 * browser, or one of before 2020 on a page that cannot read the answer (Fetch Metadata; RFC 6454 section 7).
 *
 * @param req - a request
 * @param origin - says the URL under which clients reach us; `null` where that is not known
 * @throws Fault CROSS_SITE when it would change something and comes from another site's page
 */
export function refuseCrossSite(req: IncomingMessage, origin: () => string | null): void {
  if (READING.includes(req.method)) return;
  const site = req.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new Fault("CROSS_SITE");
  const named = req.headers.origin;
  if (named === undefined) return;
  const ours = origin();
  if (ours !== null && named !== new URL(ours).origin) throw new Fault("CROSS_SITE");
}

/**
 * A page of another site can send a POST with a form's content types, or with none, without being asked first (Fetch,
 * "CORS-safelisted request-header"). Every other method is preceded by a question that we do not answer.
 *
 * @param req - a request to the REST API
 * @throws Fault CONTENT_TYPE_WRONG when it would change something and is not JSON
 */
export function refuseOtherThanJson(req: IncomingMessage): void {
  if (READING.includes(req.method)) return;
  const type = req.headers["content-type"];
  if (type === undefined && req.method !== "POST") return;
  if (!/^application\/json *(?:; *charset="?utf-8"? *)?$/i.test(type ?? ""))
    throw new Fault("CONTENT_TYPE_WRONG");
}

/**
 * @param req - a request
 * @returns whether a browser sent it, which keeps what it is asked for in a dialog and sends it to every path
 */
export function isFromBrowser({ headers }: IncomingMessage): boolean {
  return (
    headers["sec-fetch-mode"] !== undefined ||
    headers["sec-fetch-site"] !== undefined ||
    headers.origin !== undefined ||
    /\btext\/html\b/i.test(headers.accept ?? "") ||
    /^Mozilla\//i.test(headers["user-agent"] ?? "")
  );
}
