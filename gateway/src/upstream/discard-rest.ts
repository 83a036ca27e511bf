import type { IncomingMessage } from "node:http";

/** How long and how much of an answered request's body is read so that its client gets to see the answer. */
const MOST_MILLISECONDS = 5_000;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Takes what a client still sends, and throws it away: one in the middle of its body reads the answer only if its
 * bytes are taken for a while, and one that goes on for ever must not be listened to for ever.
 *
 * @param req - a request whose body nobody reads any more
 * @returns when the body has ended, the client has gone, or more than enough was taken
 */
export function discardRest(req: IncomingMessage): Promise<void> {
  if (req.complete || req.destroyed) {
    req.resume();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    let left = MOST_BYTES;
    const stop = () => {
      clearTimeout(timer);
      req.off("data", count).off("end", stop).off("close", stop);
      req.pause();
      resolve();
    };
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) stop();
    };
    const timer = setTimeout(stop, MOST_MILLISECONDS);
    req.on("data", count).on("end", stop).on("close", stop);
  });
}
