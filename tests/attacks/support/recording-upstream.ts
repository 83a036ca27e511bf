import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { NoRequest, strictRequestReader, type ReadRequest } from "./strict-request-reader.js";

/** A server that says of every byte it got which request it belonged to. */
export interface RecordingUpstream {
  readonly url: string;
  /** `host:port`, as the `Host` header has it. */
  readonly host: string;
  /** Every request whose head arrived, in order. */
  readonly requests: ReadRequest[];
  /** Bytes that were no request, or half of one's head. */
  readonly violations: string[];
  stop(): Promise<void>;
}

/**
 * Answers each request with JSON that names its target, and its `X-Request-Id`: who gets the answer can tell whether
 * it is theirs.
 *
 * @param special - answers of its own for some targets, which are not recorded; `null` for all others
 * @returns the server, listening
 */
export async function startRecordingUpstream(
  special: (target: string) => string | null = () => null,
): Promise<RecordingUpstream> {
  const requests: ReadRequest[] = [];
  const violations: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const reader = strictRequestReader(
      (request) => {
        if (special(request.target) === null) requests.push(request);
      },
      (request) => {
        socket.write(answerTo(request, special(request.target)));
      },
    );
    socket.on("data", (bytes) => {
      try {
        reader.take(bytes);
      } catch (error) {
        if (!(error instanceof NoRequest)) throw error;
        violations.push(error.message);
        socket.destroy();
      }
    });
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.once("end", () => {
      if (reader.isInHead()) violations.push("a connection ended in the middle of a head");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    violations,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What the answers of a recording upstream say. */
export interface RecordedAnswer {
  readonly target: string;
  readonly requestId: string | null;
}

function answerTo({ method, target, headers }: ReadRequest, special: string | null): string {
  const requestId = headers.find(([name]) => name.toLowerCase() === "x-request-id")?.[1] ?? null;
  const body = special ?? JSON.stringify({ target, requestId } satisfies RecordedAnswer);
  const head = [
    "HTTP/1.1 200 OK",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ].join("\r\n");
  return `${head}\r\n\r\n${method === "HEAD" ? "" : body}`;
}
