import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type { EnvReader } from "../config.js";

/** What most browsers want before they take a host into their own list. */
const YEAR_SECONDS = 31_536_000;

/**
 * @param read - reader that collects faults
 * @returns for how long browsers are told to ask by HTTPS alone, in seconds; 0: they are told nothing
 */
export function readStrictTransport(read: EnvReader): number {
  return read.integer(
    "HSTS_SECONDS",
    YEAR_SECONDS,
    { min: 0, max: 2 * YEAR_SECONDS },
    "how long browsers ask this host by HTTPS alone (`Strict-Transport-Security`), once `PORT` speaks it; 0: they are not told",
  );
}

/**
 * RFC 6797 section 7.2: said over TLS alone. Subdomains are not ours to speak for.
 *
 * @param seconds - for how long; 0: nothing is said
 * @returns says it on an answer
 */
export function strictTransport(
  seconds: number,
): (req: IncomingMessage, res: ServerResponse) => void {
  if (seconds === 0) return () => undefined;
  return (req, res) => {
    if (req.socket instanceof TLSSocket)
      res.setHeader("Strict-Transport-Security", `max-age=${seconds}`);
  };
}
