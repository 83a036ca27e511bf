import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Fault } from "#registry-protocol/faults.js";
import { admitBody } from "#service-kit/http/admit-body.js";
import { rawValuesOf } from "#service-kit/http/raw-headers.js";

/** How a client says where its request's body ends (RFC 9112 section 6). */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** How long a client may take to say that a body that must not be is none, in milliseconds. */
const EMPTY_BODY_MILLISECONDS = 5_000;
/** As many digits as JavaScript counts exactly. */
const LENGTH = /^\d{1,15}$/;

/**
 * Reads all headers as they came: of what Node has made of them it is not known which of two it took. The answer
 * says how the gateway frames the body itself; who sends what goes on has to hold it, byte for byte.
 *
 * @param req - a request
 * @returns its framing
 * @throws Fault REQUEST_INVALID when two programs could read it differently
 */
export function framingOf(req: Pick<IncomingMessage, "rawHeaders" | "httpVersion">): Framing {
  const lengths = rawValuesOf(req.rawHeaders, "content-length");
  const codings = rawValuesOf(req.rawHeaders, "transfer-encoding");
  if (lengths.length + codings.length > 1) throw ambiguous("is framed in two ways");
  const [length] = lengths;
  const [coding] = codings;
  if (coding !== undefined) {
    // RFC 9112 section 6.1: a client of before transfer codings did not write this header.
    if (req.httpVersion !== "1.1")
      throw ambiguous("is chunked, in a version of HTTP without chunks");
    if (coding.trim().toLowerCase() !== "chunked")
      throw ambiguous("has a transfer coding other than chunked");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!LENGTH.test(length.trim())) throw ambiguous("has a length that is none");
  return { kind: "length", bytes: Number(length) };
}

/**
 * @param req - a request
 * @param framing - its framing
 * @returns whether anything can come after its head: nothing does where no header announces it (RFC 9112 section 6.3), but
 *   what follows an `Upgrade` is in whatever protocol
 */
export function mayBringBody(req: Pick<IncomingMessage, "headers">, framing: Framing): boolean {
  return framing.kind !== "none" || req.headers.upgrade !== undefined;
}

/**
 * Refuses a body where none belongs, by what the parser delivers and not by what the headers claim. An empty chunked
 * body is none; so is an announced length of 0.
 *
 * @param req - a request of which nobody has read the body
 * @param res - its answer, not begun; the connection is not kept after a refusal
 * @throws Fault REQUEST_INVALID, or BODY_TOO_SLOW when a chunked body does not come to its end in five seconds, or
 *   BODY_INCOMPLETE when the client goes away
 */
export async function refuseBody(req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const framing = framingOf(req);
    if (framing.kind === "length" && framing.bytes > 0) throw misplaced(req);
    // The end of a request that has arrived with its head is noticed after the turn in which the head is.
    if (!req.complete) await nextTurn();
    if (req.readableLength > 0) throw misplaced(req);
    if (req.complete) return;
    admitBody(req, res);
    await emptyEnd(req);
  } catch (error) {
    res.shouldKeepAlive = false;
    throw error;
  }
}

function emptyEnd(req: IncomingMessage): Promise<void> {
  if (req.destroyed) return Promise.reject(new Fault("BODY_INCOMPLETE"));
  return new Promise((resolve, reject) => {
    const stop = (then: () => void) => {
      clearTimeout(timer);
      req.off("data", byte).off("end", end).off("close", gone);
      then();
    };
    const byte = () => {
      req.pause();
      stop(() => {
        reject(misplaced(req));
      });
    };
    const end = () => {
      stop(resolve);
    };
    const gone = () => {
      stop(() => {
        reject(new Fault("BODY_INCOMPLETE"));
      });
    };
    const timer = setTimeout(() => {
      req.pause();
      stop(() => {
        reject(new Fault("BODY_TOO_SLOW"));
      });
    }, EMPTY_BODY_MILLISECONDS);
    req.on("data", byte).on("end", end).on("close", gone);
  });
}

function misplaced({ method }: IncomingMessage): Fault {
  return new Fault("REQUEST_INVALID", {
    message: `a ${method ?? ""} request like this one must not have a body`,
  });
}

function ambiguous(what: string): Fault {
  return new Fault("REQUEST_INVALID", { message: `the request's body ${what}` });
}
