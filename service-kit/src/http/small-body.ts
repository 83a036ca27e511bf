import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { admitBody } from "./admit-body.js";

/** How much of a body is taken into memory, and how long that may take. */
export interface SmallBodyLimits {
  readonly maxBytes: number;
  /** From the call to the last byte. */
  readonly totalMilliseconds: number;
  /** On average since the call, once {@link GRACE_SECONDS} have passed. */
  readonly leastBytesPerSecond: number;
}

/** A lost packet or two on a poor line must not count as slow. */
export const GRACE_SECONDS = 5;

/**
 * Reads a body whole, before anything else is held for it: a connection to an upstream, one to the database.
 * A client that waits for `100 Continue` is told to go on, unless it says itself that it would send too much.
 *
 * @param req - a request of which nobody has read the body
 * @param res - its answer, not begun
 * @param limits - bytes and time
 * @returns the body's bytes exactly as received; none for a request without a body
 * @throws Fault BODY_TOO_LARGE, BODY_TOO_SLOW, or BODY_INCOMPLETE when the client goes away; the rest of the
 *   body is left where it is, for whoever answers
 */
export function readSmallBody(
  req: IncomingMessage,
  res: ServerResponse,
  limits: SmallBodyLimits,
): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > limits.maxBytes)
    return Promise.reject(tooLarge(limits));
  if (req.destroyed) return Promise.reject(new Fault("BODY_INCOMPLETE"));
  admitBody(req, res);
  return new Promise((resolve, reject) => {
    const collected = collector(limits.maxBytes);
    const startedAt = performance.now();
    const stop = (then: () => void) => {
      clearInterval(rate);
      clearTimeout(whole);
      req.off("data", take).off("end", end).off("error", gone).off("close", gone);
      req.pause();
      then();
    };
    const fail = (fault: Fault) => {
      stop(() => {
        reject(fault);
      });
    };
    const take = (chunk: Buffer) => {
      if (!collected.add(chunk)) fail(tooLarge(limits));
    };
    const end = () => {
      stop(() => {
        resolve(collected.content());
      });
    };
    const gone = (cause?: unknown) => {
      fail(new Fault("BODY_INCOMPLETE", { cause }));
    };
    const tooSlow = () => {
      fail(new Fault("BODY_TOO_SLOW"));
    };
    const rate = setInterval(() => {
      const seconds = (performance.now() - startedAt) / 1000;
      const least = limits.leastBytesPerSecond * seconds;
      if (seconds >= GRACE_SECONDS && collected.size() < least) tooSlow();
    }, 1000);
    const whole = setTimeout(tooSlow, limits.totalMilliseconds);
    req.on("data", take).on("end", end).on("error", gone).on("close", gone);
  });
}

function tooLarge({ maxBytes }: SmallBodyLimits): Fault {
  return new Fault("BODY_TOO_LARGE", {
    message: `the request's body is larger than ${maxBytes} bytes`,
  });
}

/** One buffer that grows: a list of chunks would cost a hundred times their bytes when each holds a single one. */
function collector(maxBytes: number) {
  let buffer = Buffer.alloc(0);
  let size = 0;
  return {
    /** @returns whether there was room for it */
    add: (chunk: Buffer): boolean => {
      if (size + chunk.length > maxBytes) return false;
      if (size + chunk.length > buffer.length) {
        const roomier = Buffer.alloc(Math.min(maxBytes, 2 * (size + chunk.length)));
        buffer.copy(roomier, 0, 0, size);
        buffer = roomier;
      }
      chunk.copy(buffer, size);
      size += chunk.length;
      return true;
    },
    size: () => size,
    content: () => buffer.subarray(0, size),
  };
}
