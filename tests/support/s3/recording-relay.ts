import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it reached S3. */
export interface S3Visit {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values as they were sent, one after the other. */
  readonly headers: readonly string[];
  readonly userAgent: string;
  readonly authorization: string | null;
  readonly status: number;
}

/** Stands before an S3 server and writes down who comes with what. */
export interface RecordingRelay {
  readonly url: string;
  readonly visits: readonly S3Visit[];
  stop(): Promise<void>;
}

/** Another host than the gateway's, as S3 is. */
const HOST = "127.0.0.2";

/**
 * @param port - of the S3 server on this machine
 * @returns the relay, listening on an address of its own
 */
export async function startRecordingRelay(port: number): Promise<RecordingRelay> {
  const visits: S3Visit[] = [];
  const server = createServer((incoming, answer) => {
    pass(incoming, answer, port, (status) => visits.push(visitOf(incoming, status)));
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${own}`,
    visits,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function pass(
  incoming: IncomingMessage,
  answer: ServerResponse,
  port: number,
  note: (status: number) => void,
): void {
  const { method = "", url = "", rawHeaders: headers } = incoming;
  // Header by header as it came, with its Host: all of it is signed.
  const to = { host: "127.0.0.1", port, method, path: url, headers, agent: false };
  const outgoing = request(to, (response) => {
    note(response.statusCode ?? 0);
    answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
    response.pipe(answer);
  });
  const giveUp = () => {
    outgoing.destroy();
    answer.destroy();
  };
  outgoing.on("error", giveUp);
  answer.on("close", () => {
    if (!answer.writableFinished) giveUp();
  });
  incoming.pipe(outgoing);
}

function visitOf({ method, url, rawHeaders, headers }: IncomingMessage, status: number): S3Visit {
  return {
    method: method ?? "",
    target: url ?? "",
    headers: rawHeaders,
    userAgent: headers["user-agent"] ?? "",
    authorization: headers.authorization ?? null,
    status,
  };
}
