import type { ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

/**
 * @param res - an answer that has not begun
 * @returns a signal that comes when the client goes before it has been answered
 */
export function clientGone(res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const reason = () => new Fault("REQUEST_INVALID", { message: "the client has gone" });
  if (res.destroyed) gone.abort(reason());
  res.once("close", () => {
    if (!res.writableEnded) gone.abort(reason());
  });
  return gone.signal;
}
