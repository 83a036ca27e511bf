import { STATUS_CODES, type ServerResponse } from "node:http";

/** Longer ones some intermediaries cut, and nobody reads. */
export const MOST_REASON_CHARACTERS = 120;

/**
 * Some clients print the status line of a refusal and nothing of its body: containerd below 2, BuildKit below 0.24, and
 * with 5xx docker, podman and skopeo too. So what it is about stands there. RFC 9112 section 4 lets the reason phrase be
 * any text; whoever does not know it takes no notice, and over HTTP/2 there is none.
 *
 * @param status - HTTP status code
 * @param summary - what it is about, in few words, none of them written by a user
 * @returns the reason phrase: ASCII that can be printed, at most 120 characters
 */
export function reasonPhrase(status: number, summary: string): string {
  return printableReason(`${STATUS_CODES[status] ?? "Error"}: ${summary}`);
}

/**
 * @param reason - a reason phrase, ours or that of another server
 * @returns it, as one can be sent
 */
export function printableReason(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, "?").slice(0, MOST_REASON_CHARACTERS);
}

/**
 * @param res - an answer that has not begun
 * @param status - HTTP status code
 * @param summary - as for {@link reasonPhrase}
 */
export function setStatusLine(res: ServerResponse, status: number, summary: string): void {
  res.statusCode = status;
  res.statusMessage = reasonPhrase(status, summary);
}
