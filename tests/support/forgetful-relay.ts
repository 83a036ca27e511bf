import { createServer } from "node:http";
import type { Socket } from "node:net";
import { ask } from "./faulty-proxy.js";
import { listening } from "./test-server.js";

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
  const { url, stop } = await listening(server);
  return { url, passed, met, stop };
}
