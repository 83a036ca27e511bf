import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { printableReason } from "#service-kit/http/status-line.js";
import { clientHeaders } from "./answer-headers.js";
import { heldExchange, pour } from "./pour.js";

/** What of an answer's way to the client is not always the same. */
export interface RelayOptions {
  /** URL of the upstream. */
  readonly upstreamUrl: URL;
  /** Whether its challenge and the reason in its status line are the client's affair: the token server's are ours. */
  readonly passChallenge: boolean;
}

/**
 * Streams an upstream's answer to the client, at the speed of the slower side.
 *
 * @param answer - the upstream's answer, its body not read
 * @param res - the client's answer, not begun; when it comes before the body has been read, the listener closes the
 *   connection so that the client still reads it
 * @param options - see there
 * @throws when one side breaks off; the client's connection is cut then: a short answer must not look like a whole one
 */
export async function relayAnswer(
  answer: IncomingMessage,
  res: ServerResponse,
  { upstreamUrl, passChallenge }: RelayOptions,
): Promise<void> {
  res.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of clientHeaders(answer.headers, upstreamUrl))
    res.setHeader(name, value);
  const challenge = answer.headers["www-authenticate"];
  if (passChallenge && challenge !== undefined) res.setHeader("WWW-Authenticate", challenge);
  if (passChallenge && answer.statusMessage !== undefined)
    res.statusMessage = printableReason(answer.statusMessage);
  const held = heldExchange(answer);
  await (held === null ? pipeline(answer, res) : pour(answer, held, res));
}
