import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

/** A body of which no more than a part was kept. */
export interface BoundedBody {
  readonly content: Buffer;
  /** Bytes that came. */
  readonly size: number;
  /** Whether it was read to its end, so that the connection can be used again. */
  readonly ended: boolean;
}

/** How much is read, in bytes. */
export interface BodyBounds {
  /** A larger body is cut. */
  readonly keep: number;
  /** What is left of a larger one is read on and dropped up to here. */
  readonly read: number;
}

/**
 * @param req - a request whose body nobody has read
 * @param bounds - how much to keep and to read
 * @returns the body, or its beginning
 * @throws Fault BODY_INCOMPLETE when the client goes away
 */
export function readBounded(
  req: IncomingMessage,
  { keep, read }: BodyBounds,
): Promise<BoundedBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (ended: boolean) => {
      stop();
      resolve({ content: Buffer.concat(chunks).subarray(0, keep), size, ended });
    };
    const take = (chunk: Buffer) => {
      if (size < keep) chunks.push(chunk);
      size += chunk.length;
      if (size > read) done(false);
    };
    const end = () => {
      done(true);
    };
    const gone = (cause?: unknown) => {
      stop();
      reject(new Fault("BODY_INCOMPLETE", { cause }));
    };
    const stop = () => {
      req.off("data", take).off("end", end).off("error", gone).off("close", gone);
      req.pause();
    };
    if (req.destroyed) gone();
    else req.on("data", take).on("end", end).on("error", gone).on("close", gone);
  });
}
