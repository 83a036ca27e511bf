import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ask } from "./faulty-proxy.js";

/** Closes each connection after its first answer, as load balancers do, and always just too late. */
export interface ForgetfulRelay {
  readonly url: string;
  /** Method and path of every request that arrived on a connection that was still open. */
  readonly passed: string[];
  /** Requests that met a connection that had been closed: their heads arrived, and no answer went back. */
  readonly met: string[];
  stop(): Promise<void>;
}

/**
 * @param target - URL of the server behind it
 * @returns the relay, listening: whoever uses a connection a second time finds it closed, without a byte of answer
 */
export async function startForgetfulRelay(target: string): Promise<ForgetfulRelay> {
  const used = new WeakSet<Socket>();
  const sockets = new Set<Socket>();
  const [passed, met]: [string[], string[]] = [[], []];
  const server = createServer((req, res) => {
    const line = `${req.method ?? ""} ${req.url ?? ""}`;
    if (used.has(req.socket)) {
      met.push(line);
      req.socket.destroy();
      return;
    }
    used.add(req.socket);
    passed.push(line);
    void (async () => {
      try {
        const body = Buffer.concat((await req.toArray()) as Buffer[]);
        const answer = await ask(target, req, body);
        const headers = { ...answer.headers };
        delete headers.connection;
        res.writeHead(answer.status, headers).end(answer.body);
      } catch {
        res.destroy();
      }
    })();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    met,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
