import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A slow way to a server. */
export interface SlowLine {
  readonly port: number;
  close(): Promise<void>;
}

const CHUNK_BYTES = 4 * 1024;

/**
 * @param target - port on this machine where the server listens
 * @param bytesPerSecond - how much of each connection gets to the server in a second; answers come at once
 * @returns the line, open
 */
export async function startSlowLine(target: number, bytesPerSecond: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    pipeline(client, throttle(bytesPerSecond), upstream).catch(() => client.destroy());
    pipeline(upstream, client).catch(() => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function throttle(bytesPerSecond: number): Transform {
  return new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      setTimeout(
        () => {
          done(null, chunk);
        },
        (chunk.length / bytesPerSecond) * 1000,
      );
    },
  });
}
