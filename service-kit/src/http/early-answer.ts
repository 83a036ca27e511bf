import type { IncomingMessage, ServerResponse } from "node:http";
import { closeWhenWritten, lingeringClose } from "./lingering-close.js";

/**
 * @param req - a request whose headers nobody has changed yet
 * @returns tells whether bytes of its body are still to come
 */
export function isSendingOf(req: IncomingMessage): () => boolean {
  const { "transfer-encoding": coding, "content-length": length } = req.headers;
  const hasBody = coding !== undefined || Number(length ?? 0) > 0;
  return () => hasBody && !req.complete;
}

/**
 * Sees to it that a client hears an answer that begins before its body has been read: such an answer says
 * `Connection: close`, and the connection is closed so that the client can still read it. Done by the listener
 * for every request, so that whoever answers early needs to do nothing but answer, and to leave `req` alone: to
 * destroy it would cut the connection, as `pipeline` does when the other end of it fails (`req.pipe` does not).
 *
 * @param req - a request that nobody has answered
 * @param res - its answer
 * @param closing - told when the connection ends with this answer although the client may still be sending
 */
export function closeAfterEarlyAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  closing: () => void,
): void {
  const { socket } = req;
  const isSending = isSendingOf(req);
  if (!isSending()) return;
  const isAwaited = req.headers.expect !== undefined || req.httpVersion === "1.0";
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  const endEarly = () => {
    res.shouldKeepAlive = false;
    res.setHeader("Connection", "close");
    // What nobody has begun to read, Node would read to its end, however far away that is.
    res.prependOnceListener("finish", () => {
      req.unpipe();
      req.resume();
    });
    // Called by Node when it has written the last answer of a connection.
    socket.destroySoon = () => {
      closing();
      if (isSending()) lingeringClose(socket, { from: req, isAwaited });
      else closeWhenWritten(socket);
    };
  };
  // The one place that every answer passes, also one whose head is written by its first byte of body.
  res.writeHead = (...args: unknown[]) => {
    if (isSending() && !res.headersSent) endEarly();
    return writeHead(...args);
  };
}
