import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { clientHeaders } from "./answer-headers.js";
import { discardRest } from "./discard-rest.js";

/** What of an answer's way to the client is not always the same. */
export interface RelayOptions {
  /** URL of the upstream. */
  readonly upstreamUrl: URL;
  /** Whether its challenge is the client's affair. */
  readonly passChallenge: boolean;
  /** Whether the answer came before the client's body had been sent on whole. */
  readonly isEarly: boolean;
}

/**
 * Streams an upstream's answer to the client, at the speed of the slower side.
 *
 * @param answer - the upstream's answer, its body not read
 * @param client - the client's request, and its answer, not begun
 * @param options - see there
 * @throws when one side breaks off; the client's connection is cut then: a short answer must not look like a whole one
 */
export async function relayAnswer(
  answer: IncomingMessage,
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  { upstreamUrl, passChallenge, isEarly }: RelayOptions,
): Promise<void> {
  res.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of clientHeaders(answer.headers, upstreamUrl))
    res.setHeader(name, value);
  const challenge = answer.headers["www-authenticate"];
  if (passChallenge && challenge !== undefined) res.setHeader("WWW-Authenticate", challenge);
  if (!isEarly) {
    await pipeline(answer, res);
    return;
  }
  // The rest of the body is of no use to anybody, but a client that still sends reads the answer only so.
  res.shouldKeepAlive = false;
  res.flushHeaders();
  await pipeline(answer, res, { end: false });
  await discardRest(req);
  res.end();
}
