import type { IncomingMessage } from "node:http";
import { isWithin } from "../is-within.js";
import type { Logger } from "../log.js";
import { clientFacts, type ClientFacts } from "./client-facts.js";
import { trustedPeers } from "./trusted-peers.js";

/** Tells where requests come from. */
export type ClientReader = (req: IncomingMessage) => ClientFacts;

/** A proxy that nobody configured sends such headers with each request. */
const TOLD_EVERY_MILLISECONDS = 10 * 60_000;
/** In that time; a stranger who sends such headers, too, does not hide the proxy. */
const MOST_PEERS = 100;

/**
 * @param trusted - addresses, CIDR ranges or names of the peers whose word about others counts
 * @param deps - log, for headers of peers that are not among them, and clock in milliseconds
 * @returns the reader
 */
export function clientReader(
  trusted: readonly string[],
  { log, now }: { readonly log: Logger; readonly now: () => number },
): ClientReader {
  const isTrusted = trustedPeers(trusted);
  let told = new Set<string>();
  let toldSince = -Infinity;
  return (req) => {
    const facts = clientFacts(req, isTrusted);
    if (facts.ignored && !isWithin({ since: toldSince, now: now() }, TOLD_EVERY_MILLISECONDS)) {
      told = new Set();
      toldSince = now();
    }
    if (facts.ignored && told.size < MOST_PEERS && !told.has(facts.address)) {
      told.add(facts.address);
      log.warn({
        event: "forwarded.ignored",
        peer: facts.address,
        message:
          "a peer that TRUSTED_PROXIES does not name speaks for others: if it is your load balancer, ALL CLIENTS COUNT AS ONE until it is named there; its headers are ignored",
      });
    }
    return facts;
  };
}
