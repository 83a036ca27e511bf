import type { IncomingMessage } from "node:http";
import { splitTarget } from "#registry-protocol/path.js";
import { isWithin } from "#service-kit/is-within.js";
import type { ClientReader } from "#service-kit/http/client-reader.js";
import type { Logger } from "#service-kit/log.js";
import {
  CALLER_HEADER,
  type CallerVerifier,
  type ToldCaller,
} from "#service-kit/signing/caller-statement.js";

/** Whom requests are from, as far as that can be believed. */
export interface RequestOrigin {
  readonly client: ClientReader;
  /** Id that the request had at the gateway; `undefined`: it came without one that can be believed. */
  readonly requestId: (req: IncomingMessage) => string | undefined;
  /** The registry whose gateway was asked; `undefined`: nobody who is believed says so. */
  readonly service: (req: IncomingMessage) => string | undefined;
}

/** What of a statement came of it. */
export const STATEMENT_OUTCOMES = ["believed", "refused", "absent"] as const;
export type StatementOutcome = (typeof STATEMENT_OUTCOMES)[number];

const TOLD_EVERY_MILLISECONDS = 60_000;

/**
 * Takes from a gateway's signed statement for whom it asks. Without one that is believed the peer is the client: nobody
 * gains anything by making one up.
 *
 * @param deps - verifier (`null`: no gateway's word counts), reader for requests without statement, log, clock in
 *   milliseconds, and counter
 * @returns the reader of requests' origins
 */
export function toldByGateway(deps: {
  readonly verify: CallerVerifier | null;
  readonly direct: ClientReader;
  readonly log: Pick<Logger, "warn">;
  readonly now: () => number;
  readonly count: (outcome: StatementOutcome) => void;
}): RequestOrigin {
  const told = new WeakMap<IncomingMessage, ToldCaller | null>();
  let warnedAt = -Infinity;
  const warn = (reason: string) => {
    if (isWithin({ since: warnedAt, now: deps.now() }, TOLD_EVERY_MILLISECONDS)) return;
    warnedAt = deps.now();
    const message =
      "what a gateway says of its callers is not believed, so ALL OF THEM COUNT AS ONE: does GATEWAY_TRUST_FILE " +
      "name the authority of its keys, and do the clocks agree (docs/keys.md)?";
    deps.log.warn({ event: "caller.not-believed", reason, message });
  };
  const read = (req: IncomingMessage): ToldCaller | null => {
    const header = req.headers[CALLER_HEADER];
    if (typeof header !== "string") {
      deps.count("absent");
      return null;
    }
    try {
      if (deps.verify === null) throw new Error("GATEWAY_TRUST_FILE is not set");
      const request = { method: req.method ?? "", path: splitTarget(req.url ?? "").path };
      const caller = deps.verify(header, request);
      deps.count("believed");
      return caller;
    } catch (error) {
      deps.count("refused");
      warn(error instanceof Error ? error.message : "unknown reason");
      return null;
    }
  };
  const callerOf = (req: IncomingMessage): ToldCaller | null => {
    const known = told.get(req);
    if (known !== undefined) return known;
    const caller = read(req);
    told.set(req, caller);
    return caller;
  };
  return {
    client: (req) => {
      const caller = callerOf(req);
      if (caller === null) return deps.direct(req);
      const { address } = caller;
      return { address, scheme: "http", host: null, isProxied: true, ignored: false };
    },
    requestId: (req) => callerOf(req)?.requestId,
    service: (req) => callerOf(req)?.service,
  };
}
