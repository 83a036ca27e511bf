import { connect, type Socket } from "node:net";

/** Bytes that are read at once where nobody asks for more. */
const NARROW_BYTES = 64 * 1024;
/** Connections without an exchange that are kept; what is beyond is closed. */
export const MOST_IDLE = 128;

/** Whoever reads a connection copies from it before anything else is read, so that all connections share it. */
const NARROW = Buffer.allocUnsafeSlow(NARROW_BYTES);

/** Reads what comes on a connection. */
export interface LineReader {
  /** @returns where the next bytes are to be read to; `null`: to where all connections read, from which they are copied */
  buffer(): Buffer | null;
  /** @returns whether reading goes on; if not, until the connection is resumed */
  take(bytes: Buffer): boolean;
  /** The connection is closed, or nothing more comes on it. */
  gone(error: Error | null): void;
}

/** A connection whose reader says where to its bytes are read. */
export interface Line {
  readonly socket: Socket;
  /** Whether other exchanges were on it before. */
  isReused: boolean;
  /** `null`: there is no exchange on it, and whatever comes closes it. */
  reader: LineReader | null;
}

/** Connections to one server. */
export interface Lines {
  /** @returns the one that was given back last, or a new one */
  take(reader: LineReader): Line;
  /** Takes one back on which the exchange went as it should; of any other nobody says so, it is destroyed. */
  giveBack(line: Line): void;
  /** @returns how many wait for their next exchange */
  idle(): number;
}

/**
 * @param host - the server's
 * @param port - its port
 * @returns connections to it, none yet; the one that was used last is used next, so that those that are not needed any more
 *   come to their end
 */
export function lines(host: string, port: number): Lines {
  const idle: Line[] = [];
  return {
    take: (reader) => {
      const kept = idle.pop();
      if (kept === undefined) return openLine(host, port, reader, idle);
      return Object.assign(kept, { reader, isReused: true });
    },
    giveBack: (line) => {
      line.reader = null;
      if (line.socket.destroyed) return;
      if (idle.length >= MOST_IDLE) {
        line.socket.destroy();
        return;
      }
      line.socket.setTimeout(0);
      // Whoever does not read does not notice the end.
      line.socket.resume();
      idle.push(line);
    },
    idle: () => idle.length,
  };
}

function openLine(host: string, port: number, first: LineReader, idle: Line[]): Line {
  const state: Omit<Line, "socket"> = { reader: first, isReused: false };
  const socket = connect({
    ...{ host, port, noDelay: true },
    onread: {
      buffer: () => state.reader?.buffer() ?? NARROW,
      callback: (count, { buffer, byteOffset }) => {
        if (state.reader !== null) return state.reader.take(Buffer.from(buffer, byteOffset, count));
        socket.destroy();
        return false;
      },
    },
  });
  const line: Line = Object.assign(state, { socket });
  const gone = (error: Error | null) => {
    const place = idle.indexOf(line);
    if (place >= 0) idle.splice(place, 1);
    line.reader?.gone(error);
  };
  socket.on("error", gone);
  for (const event of ["end", "close"] as const)
    socket.on(event, () => {
      gone(null);
    });
  return line;
}

/**
 * @param bytes - what a reader was given
 * @returns whether they stand where all connections read to, so that they are gone with the next turn
 */
export function areShared(bytes: Buffer): boolean {
  return bytes.buffer === NARROW.buffer;
}
