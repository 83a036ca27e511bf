import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server that a test can cut and mend. */
export interface TcpRelay {
  readonly port: number;
  /** @returns how many connections come in at present */
  readonly connections: () => number;
  /** Resets every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Takes connections again after a cut. */
  mend(): Promise<void>;
  /** Keeps connections and passes nothing on, as a machine that hangs. */
  hold(): void;
  /** Passes on again what was held. */
  release(): void;
  /**
   * As a host whose cable is pulled: of connections that there are neither side hears anything any more, not even that
   * the other one ends; new ones are the same.
   */
  lose(): void;
  /** As another host in its place: new connections are passed on; those that were lost stay so. */
  find(): void;
}

/**
 * @param target - port on this machine where the server listens; a function when it listens later
 * @returns a relay to it, open
 */
export async function startRelay(target: number | (() => number)): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const lost = new Set<Socket>();
  let [isHeld, isLost] = [false, false];
  const lose = (socket: Socket) => {
    lost.add(socket);
    sockets.delete(socket);
    socket.unpipe();
    socket.pause();
  };
  const server = createServer((incoming) => {
    if (isLost) {
      incoming.on("error", () => undefined);
      lose(incoming);
      return;
    }
    const outgoing = connect(typeof target === "number" ? target : target(), "127.0.0.1");
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        if (!lost.delete(socket)) other.destroy();
      });
      socket.pipe(other);
      if (isHeld) socket.pause();
    }
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    connections: () => sockets.size / 2,
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of [...sockets, ...lost]) socket.resetAndDestroy();
      await closed;
    },
    mend: () => listen(port),
    hold: () => {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    release: () => {
      isHeld = false;
      for (const socket of sockets) socket.resume();
    },
    lose: () => {
      isLost = true;
      for (const socket of sockets) lose(socket);
    },
    find: () => {
      isLost = false;
    },
  };
}
