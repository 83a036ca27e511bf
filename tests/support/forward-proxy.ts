import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { listening } from "./test-server.js";

/** What a proxy does with requests in place of passing them on. */
export type ProxyObstacle =
  | "none"
  /** It takes connections and says nothing. */
  | "silent"
  /** It says that there is a tunnel, and passes nothing through. */
  | "silent tunnel"
  /** It closes the connection. */
  | "close"
  /** It answers with a status of its own. */
  | number;

/** A proxy by which a closed network reaches the world: CONNECT (RFC 9110) and absolute-form (RFC 9112). */
export interface TestForwardProxy {
  readonly port: number;
  /** `host:port`, as operators are told of it. */
  readonly name: string;
  /** @returns its URL, with credentials if need be */
  url(credentials?: string): string;
  /** Method and target of each request, as they came. */
  readonly asked: string[];
  /** Connections to it that are open. */
  connections(): number;
  meet(obstacle: ProxyObstacle): void;
  stop(): Promise<void>;
}

/**
 * Whatever name it is asked for is on this machine: nobody else knows `*.example.org`.
 *
 * @param credentials - `user:password`; absent: it wants none
 * @returns the proxy, listening
 */
export async function startForwardProxy(credentials?: string): Promise<TestForwardProxy> {
  const asked: string[] = [];
  const open = new Set<Duplex>();
  let obstacle: ProxyObstacle = "none";
  const isRefused = (req: IncomingMessage) => {
    const wanted = `Basic ${Buffer.from(credentials ?? "").toString("base64")}`;
    return credentials !== undefined && req.headers["proxy-authorization"] !== wanted;
  };
  const statusFor = (req: IncomingMessage) => {
    asked.push(`${req.method ?? ""} ${req.url ?? ""}`);
    if (isRefused(req)) return 407;
    return typeof obstacle === "number" ? obstacle : null;
  };
  const server = createServer((req, res) => {
    const status = statusFor(req);
    if (status !== null) res.writeHead(status, { "proxy-authenticate": "Basic" }).end("proxy");
    else if (obstacle === "close") req.socket.destroy();
    else if (obstacle === "none") passOn(req, res);
  });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("connect", (req, socket, head) => {
    const status = statusFor(req);
    const ok = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (status !== null) socket.end(`HTTP/1.1 ${status} no\r\nproxy-authenticate: Basic\r\n\r\n`);
    else if (obstacle === "close") socket.destroy();
    else if (obstacle === "none") tunnel(req, socket, head, ok);
    else {
      if (obstacle === "silent tunnel") socket.write(ok);
      // It listens, so as to hear when the other side has gone.
      socket.resume().once("end", () => socket.end());
    }
  });
  const { port, stop } = await listening(server);
  return {
    port,
    name: `127.0.0.1:${port}`,
    url: (given = credentials) =>
      `http://${given === undefined ? "" : `${given}@`}127.0.0.1:${port}`,
    asked,
    connections: () => open.size,
    meet: (next) => {
      obstacle = next;
    },
    stop,
  };
}

/** The target of such a request is a whole URL (RFC 9112, section 3.2.2). */
function passOn(req: IncomingMessage, res: ServerResponse): void {
  if (!/^http:\/\//.test(req.url ?? "")) {
    res.writeHead(400).end("not in absolute-form");
    return;
  }
  const url = new URL(req.url ?? "");
  const headers = { ...req.headers, via: "1.1 test" };
  const options = { host: "127.0.0.1", port: url.port, method: req.method, headers, agent: false };
  const onward = request({ ...options, path: `${url.pathname}${url.search}` }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  onward.on("error", () => res.writeHead(502).end());
  req.pipe(onward);
}

function tunnel(req: IncomingMessage, socket: Duplex, head: Buffer, ok: string): void {
  const port = Number(/:(\d+)$/.exec(req.url ?? "")?.[1]);
  const inner = connect(port, "127.0.0.1", () => {
    socket.write(ok);
    inner.write(head);
    inner.pipe(socket);
    socket.pipe(inner);
  });
  for (const [one, other] of [
    [socket, inner],
    [inner, socket],
  ] as const) {
    one.on("error", () => undefined);
    one.once("close", () => other.destroy());
  }
}
