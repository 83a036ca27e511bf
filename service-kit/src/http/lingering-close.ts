import { Socket } from "node:net";
import type { Readable } from "node:stream";

/** How long and how much of what a client still sends is read, so that it gets to read its answer. */
export const LINGER_LIMITS = {
  bytes: 64 * 1024 * 1024,
  milliseconds: 30_000,
  /** Without a byte. */
  silenceMilliseconds: 5_000,
  /** Without a byte, after which our side is closed: some clients stop sending, or reading, when it is. */
  calmMilliseconds: 500,
  /** Read at once of one connection; then it is the others' turn. */
  sliceBytes: 64 * 1024,
  /** Read of all connections in a second: to drop bytes costs time that those need who are answered. */
  bytesPerSecond: 32 * 1024 * 1024,
} as const;

const lingering = new Set<Socket>();

/** What is to be read and dropped. */
export interface Rest {
  /** The body of a request, or the connection itself when nobody parses it any more. */
  readonly from: Readable;
  /** Whether the client waits for the end of our side before it does anything. */
  readonly isAwaited: boolean;
}

/**
 * Ends a connection on which a client may still be sending: closed at once, bytes that nobody has read would
 * reset it, and the client would lose the answer with it (RFC 9112 section 9.6). What comes is read and dropped,
 * bounded in bytes and time; our side is closed when the client has come to the end, or is calm.
 *
 * @param socket - the connection; all of the answer is written to it
 * @param rest - what may still come
 */
export function lingeringClose(socket: Socket, { from, isAwaited }: Rest): void {
  if (socket.destroyed) return;
  lingering.add(socket);
  let left: number = LINGER_LIMITS.bytes;
  let slice: number = LINGER_LIMITS.sliceBytes;
  let turn: NodeJS.Timeout | undefined;
  const cut = () => {
    socket.destroy();
  };
  const endOurSide = () => socket.end();
  const calm = setTimeout(endOurSide, isAwaited ? 0 : LINGER_LIMITS.calmMilliseconds);
  const whole = setTimeout(cut, LINGER_LIMITS.milliseconds);
  from.on("data", (chunk: Buffer) => {
    calm.refresh();
    left -= chunk.length;
    slice -= chunk.length;
    if (left < 0) cut();
    else if (slice < 0) {
      slice = LINGER_LIMITS.sliceBytes;
      from.pause();
      turn = setTimeout(() => from.resume(), pauseMilliseconds());
    }
  });
  from.once("end", () => {
    closeWhenWritten(socket);
  });
  from.on("error", cut);
  socket.on("error", cut);
  socket.once("close", () => {
    lingering.delete(socket);
    for (const timer of [calm, whole, turn]) clearTimeout(timer);
  });
  socket.setTimeout(LINGER_LIMITS.silenceMilliseconds, cut);
  from.resume();
}

/** How long one of them waits after a slice, so that all of them together keep to their rate. */
function pauseMilliseconds(): number {
  const { sliceBytes, bytesPerSecond } = LINGER_LIMITS;
  return (lingering.size * sliceBytes * 1000) / bytesPerSecond;
}

/**
 * @param socket - a connection on which nothing is to be read any more
 */
export function closeWhenWritten(socket: Socket): void {
  // Not the socket's own, which a request may have replaced.
  Socket.prototype.destroySoon.call(socket);
}
