import { connect, type Socket } from "node:net";

/** What each connection of an attacker does, again and again. */
export interface Hammering {
  readonly port: number;
  readonly bytes: string | Buffer;
  /** Sent in milliseconds from one another behind the bytes, one each, until the connection ends. */
  readonly drops?: number;
}

/** Connections of attackers that go on until they are stopped. */
export interface Hammer {
  /** How often a connection was answered or closed so far. */
  ended(): number;
  stop(): void;
}

/** Some would answer a connection only to say that there are too many: nobody asks again in the same moment. */
const PAUSE_MILLISECONDS = 5;

/**
 * @param count - connections at once
 * @param hammering - what they do
 * @returns them, at work; each that was answered or closed is made anew
 */
export function hammer(count: number, { port, bytes, drops }: Hammering): Hammer {
  const sockets = new Set<Socket>();
  let [ended, isStopped] = [0, false];
  const begin = () => {
    if (isStopped) return;
    const socket = connect(port, "127.0.0.1");
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("connect", () => socket.write(bytes));
    const timer =
      drops === undefined ? undefined : setInterval(() => socket.write("x"), drops).unref();
    socket.once("data", () => {
      socket.destroy();
    });
    socket.once("close", () => {
      clearInterval(timer);
      sockets.delete(socket);
      ended += 1;
      setTimeout(begin, PAUSE_MILLISECONDS);
    });
  };
  for (let i = 0; i < count; i += 1) begin();
  return {
    ended: () => ended,
    stop: () => {
      isStopped = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}
