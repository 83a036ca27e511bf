import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server that counts how often its clients wait for it. */
export interface CountingLine {
  readonly port: number;
  /** @returns how often a client has sent something after it had heard an answer: round trips, of all connections */
  turns(): number;
  close(): Promise<void>;
}

/**
 * @param target - port on this machine where the server listens
 * @param milliseconds - that whatever clients send is under way, at least, as on a network; absent: none
 * @returns the line, open
 */
export async function startCountingLine(target: number, milliseconds = 0): Promise<CountingLine> {
  const sockets = new Set<Socket>();
  let turns = 0;
  const server = createServer((client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    let hasHeard = true;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      if (hasHeard) turns += 1;
      hasHeard = false;
      if (milliseconds === 0) upstream.write(chunk);
      else setTimeout(() => upstream.write(chunk), milliseconds);
    });
    upstream.on("data", (chunk: Buffer) => {
      hasHeard = true;
      client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    turns: () => turns,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
