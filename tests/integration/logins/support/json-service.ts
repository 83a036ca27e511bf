import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a service was asked. */
export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | null;
  readonly body: string;
}

/** What it answers: a status with a body, nothing at all, ever, or the end of the connection. */
export type ServiceAnswer =
  { readonly status: number; readonly body: unknown } | "silence" | "reset";

/** An HTTP service of another company department. */
export interface JsonService {
  readonly url: string;
  readonly asked: AskedRequest[];
  /** Changes what it answers from now on. */
  answer: (request: AskedRequest) => ServiceAnswer | Promise<ServiceAnswer>;
  stop(): Promise<void>;
}

/**
 * @param answer - what it answers at first
 * @returns the service, on a free port of the loopback
 */
export async function jsonService(answer: JsonService["answer"]): Promise<JsonService> {
  const server = createServer((req, res) => void respond(service, req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const service: JsonService = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    answer,
    stop: async () => {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), "close");
    },
  };
  return service;
}

async function respond(service: JsonService, req: IncomingMessage, res: ServerResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const url = new URL(req.url ?? "/", service.url);
  const request: AskedRequest = {
    method: req.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    authorization: req.headers.authorization ?? null,
    body: Buffer.concat(chunks).toString(),
  };
  service.asked.push(request);
  const answer = await service.answer(request);
  if (answer === "silence") return;
  if (answer === "reset") {
    res.socket?.resetAndDestroy();
    return;
  }
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  res.writeHead(answer.status, { "content-type": "application/json" }).end(text);
}
