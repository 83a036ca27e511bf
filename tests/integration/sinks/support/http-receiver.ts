import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An HTTP server of a downstream system. */
export interface HttpReceiver {
  readonly port: number;
  readonly received: Received[];
  /** How many connections were made to it. */
  connections(): number;
  /** What it does with a request from now on. */
  answer: (res: ServerResponse) => void;
  stop(): Promise<void>;
}

/** @returns a server on a free port of the loopback that answers 204 */
export async function httpReceiver(): Promise<HttpReceiver> {
  let connections = 0;
  const server = createServer((req, res) => void take(receiver, req, res));
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: HttpReceiver = {
    port: (server.address() as AddressInfo).port,
    received: [],
    connections: () => connections,
    answer: (res) => res.writeHead(204).end(),
    stop: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
  return receiver;
}

async function take(receiver: HttpReceiver, req: IncomingMessage, res: ServerResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  receiver.received.push({
    method: req.method ?? "",
    path: req.url ?? "",
    headers: req.headers as Record<string, string>,
    body: Buffer.concat(chunks).toString(),
  });
  receiver.answer(res);
}
