import type { IncomingMessage } from "node:http";

/** So much Go's own server reads before it answers, and with it the stock registry. */
const MOST_BYTES = 256 * 1024;
const MOST_MILLISECONDS = 500;
/** Where else a body comes, none belongs: that connection is not kept. */
const WITH_BODY: readonly (string | undefined)[] = ["POST", "PUT", "PATCH"];

/**
 * Some clients hang when the answer comes while they write a small body that needs no more than one write (containerd
 * 1.6 with a manifest). So what is left of a small one is read and dropped before a refusal.
 *
 * @param req - a request that is about to be answered
 * @returns resolves when its body has come to the end, is larger than 256 KiB or takes longer than half a second; `null` when there
 *   is nothing to wait for
 */
export function restOfBody(req: IncomingMessage): Promise<void> | null {
  const { "transfer-encoding": coding, "content-length": length, expect } = req.headers;
  const announced = coding === undefined ? Number(length ?? 0) : null;
  const isSmall = announced === null || (announced > 0 && announced <= MOST_BYTES);
  // Who waits to be told to go on has not begun to send.
  if (
    !WITH_BODY.includes(req.method) ||
    !isSmall ||
    expect !== undefined ||
    req.complete ||
    req.destroyed
  )
    return null;
  return new Promise((resolve) => {
    let left = MOST_BYTES;
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) done();
    };
    const done = () => {
      clearTimeout(timer);
      req.off("data", count).off("end", done).off("close", done).off("error", done);
      resolve();
    };
    const timer = setTimeout(done, MOST_MILLISECONDS);
    req.unpipe();
    req.on("data", count).on("end", done).on("close", done).on("error", done);
    req.resume();
  });
}
