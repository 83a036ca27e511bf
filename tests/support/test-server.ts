import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

/** A server of a test's own. */
export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** Ends it with all of its connections. */
  readonly stop: () => Promise<void>;
}

/**
 * @param server - not listening yet
 * @returns it, listening on a free port of this machine
 */
export async function listening(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
