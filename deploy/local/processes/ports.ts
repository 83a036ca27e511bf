import { createServer, type Server } from "node:net";

// Below the range the kernel takes for outgoing connections: there, a client that retries a dead
// service could connect to itself and keep the service from ever getting its port back.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const BLOCK = 16;
const BLOCKS = (LAST_PORT - FIRST_PORT + 1) / BLOCK;

// Processes that start after one another look far from each other, so that nobody comes to a port whose service is being restarted.
const APART = 101;

/** How long a block is kept from others: longer than a service takes from its port to listening on it. */
const KEPT_MS = 60_000;

/** Gives free ports of 127.0.0.1, one after the other. */
export interface PortPicker {
  /**
   * @returns a port that is free, and that no other picker of this machine gives within a minute
   * @throws Error when every block of ports is kept by somebody
   */
  next(): Promise<number>;
}

interface Block {
  /** Listens on the block's first port, which is how others see that the block is taken. */
  keeper: Server;
  next: number;
  end: number;
}

/**
 * A port is free until its service listens, seconds after it was given. So a picker keeps whole blocks: one that starts beside it,
 * in this process or another, takes a block of its own.
 *
 * @returns a picker
 */
export function portPicker(): PortPicker {
  let block: Block | null = null;
  return {
    next: async () => {
      for (;;) {
        block = isKept(block) ? block : await takeBlock();
        const port = block.next++;
        if ((await bindFailure(port)) === null) return port;
      }
    },
  };
}

function isKept(block: Block | null): block is Block {
  return block !== null && block.keeper.listening && block.next < block.end;
}

async function takeBlock(): Promise<Block> {
  for (let tried = 0; tried < BLOCKS; tried += 1) {
    const first = FIRST_PORT + ((process.pid * APART + tried) % BLOCKS) * BLOCK;
    const keeper = await listening(first);
    if (typeof keeper === "string") continue;
    keeper.unref();
    setTimeout(() => keeper.close(), KEPT_MS).unref();
    return { keeper, next: first + 1, end: first + BLOCK };
  }
  throw new Error(`no block of ports is free between ${FIRST_PORT} and ${LAST_PORT}`);
}

/**
 * @param port - a port of 127.0.0.1
 * @returns why it cannot be listened on (`EADDRINUSE`, `EACCES`, …), or `null` when it can
 */
export async function bindFailure(port: number): Promise<string | null> {
  const server = await listening(port);
  if (typeof server === "string") return server;
  return new Promise((resolve) => {
    server.close(() => {
      resolve(null);
    });
  });
}

async function listening(port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      resolve(server);
    });
  });
}
