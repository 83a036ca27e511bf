import type { IncomingMessage, ServerResponse } from "node:http";
import { isSendingOf } from "./early-answer.js";

/** How slow a client may be that sends or fetches something large. */
export interface HeadwayLimits {
  readonly windowMilliseconds: number;
  /** Bytes in either direction within one window. */
  readonly leastBytes: number;
  /** Windows one after the other with less than that. */
  readonly windows: number;
}

/**
 * A line of 2.2 kbit/s is fast enough; a client that keeps a connection alive with a byte now and then is not, and
 * silence alone would not show it.
 */
export const HEADWAY: HeadwayLimits = {
  windowMilliseconds: 60_000,
  leastBytes: 16 * 1024,
  windows: 5,
};

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly isSending: () => boolean;
  readonly giveUp: () => void;
  moved: number;
  slowWindows: number;
}

/** Watches all exchanges of a listener. */
export interface HeadwayWatch {
  /** @returns what ends the watch of this exchange */
  add(req: IncomingMessage, res: ServerResponse, giveUp: () => void): () => void;
  start(): void;
  stop(): void;
}

/**
 * @param limits - how slow is too slow
 * @returns a watch over exchanges, which it gives up when for some windows only their client was waited for
 *   and next to nothing came or went
 */
export function headwayWatch(limits: HeadwayLimits): HeadwayWatch {
  const exchanges = new Set<Exchange>();
  const look = () => {
    for (const exchange of exchanges) {
      const moved = bytesMoved(exchange);
      const isSlow = waitsForClient(exchange) && moved - exchange.moved < limits.leastBytes;
      exchange.slowWindows = isSlow ? exchange.slowWindows + 1 : 0;
      exchange.moved = moved;
      if (exchange.slowWindows < limits.windows) continue;
      exchanges.delete(exchange);
      exchange.giveUp();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    add: (req, res, giveUp) => {
      const isSending = isSendingOf(req);
      const exchange: Exchange = { req, res, isSending, giveUp, moved: 0, slowWindows: 0 };
      exchange.moved = bytesMoved(exchange);
      exchanges.add(exchange);
      return () => exchanges.delete(exchange);
    },
    start: () => {
      timer = setInterval(look, limits.windowMilliseconds).unref();
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** What the client has taken, not what waits for it. */
function bytesMoved({ req: { socket } }: Exchange): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

/** Bytes that came and that nobody here has taken on yet, or no answer yet: then it is not the client who is slow. */
function waitsForClient({ req, res, isSending }: Exchange): boolean {
  if (res.headersSent && req.socket.writableLength > 0) return true;
  return isSending() && req.readableLength === 0;
}
