import { createServer } from "node:net";

// Below the range the kernel takes for outgoing connections: there, a client that retries a dead
// service could connect to itself and keep the service from ever getting its port back.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const BLOCK = 16;

/** Gives free ports of 127.0.0.1, one after the other. */
export interface PortPicker {
  next(): Promise<number>;
}

/**
 * @param seed - starts that run side by side must differ in it, so that they look in different places
 * @returns a picker
 */
export function portPicker(seed: number = process.pid): PortPicker {
  const blocks = Math.floor((LAST_PORT - FIRST_PORT + 1) / BLOCK);
  let candidate = FIRST_PORT + (seed % blocks) * BLOCK;
  return {
    next: async () => {
      for (;;) {
        const port = candidate;
        candidate = candidate === LAST_PORT ? FIRST_PORT : candidate + 1;
        if ((await bindFailure(port)) === null) return port;
      }
    },
  };
}

/**
 * @param port - a port of 127.0.0.1
 * @returns why it cannot be listened on (`EADDRINUSE`, `EACCES`, …), or `null` when it can
 */
export async function bindFailure(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.close(() => {
        resolve(null);
      });
    });
  });
}
