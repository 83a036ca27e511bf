import { once } from "node:events";
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What of a request is not the default. */
export interface AskOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Address of this machine that the connection is from, as 127.0.0.7. */
  readonly from?: string;
}

/**
 * Asks with exactly these headers and this target, on a connection of its own; follows no redirect.
 *
 * @param origin - scheme, host and port
 * @param target - request target, sent as it is
 * @param options - method, headers, body
 * @returns the answer
 * @throws Error when the answer is cut off
 */
export async function ask(
  origin: string,
  target: string,
  { method = "GET", headers = {}, body, from }: AskOptions = {},
): Promise<Answer> {
  const url = new URL(origin);
  const outgoing = request({
    host: url.hostname,
    port: url.port,
    method,
    path: target,
    agent: false,
    ...(from === undefined ? {} : { localAddress: from }),
    headers: { ...lengthOf(body, headers), ...headers },
  });
  outgoing.end(body);
  return new Promise((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(chunks) });
      });
    });
  });
}

function lengthOf(body: AskOptions["body"], headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const isChunked = "Transfer-Encoding" in headers;
  return body === undefined || isChunked ? {} : { "Content-Length": Buffer.byteLength(body) };
}

/**
 * @param answer - an answer with a JSON body
 * @returns the registry error in it
 * @throws Error when there is none
 */
export function errorOf({ body }: Pick<Answer, "body">): {
  code: string;
  message: string;
  detail?: unknown;
} {
  const parsed = JSON.parse(body.toString("utf8")) as {
    errors?: { code: string; message: string; detail?: unknown }[];
  };
  const first = parsed.errors?.[0];
  if (first === undefined) throw new Error(`no registry error: ${body.toString("utf8")}`);
  return first;
}

/**
 * Sends bytes that need not be HTTP and reads until the other side closes the connection.
 *
 * @param port - port on this machine
 * @param bytes - what to send
 * @param halfClose - whether to end our side after the bytes
 * @returns everything that came back
 */
export async function rawExchange(
  port: number,
  bytes: string | Uint8Array,
  halfClose = false,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  if (halfClose) socket.end(bytes);
  else socket.write(bytes);
  if (!socket.destroyed) await once(socket, "close");
  return text;
}

/**
 * @param text - all that came back on a raw connection
 * @returns the answers in it, interim ones included
 */
export function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  let rest = text;
  while (rest.startsWith("HTTP/1.1 ")) {
    const [head = "", ...tail] = rest.split("\r\n\r\n");
    const [statusLine = "", ...lines] = head.split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => {
        const [name = "", ...value] = line.split(":");
        return [name.toLowerCase(), value.join(":").trim()];
      }),
    );
    const length = Number(headers["content-length"] ?? 0);
    const after = tail.join("\r\n\r\n");
    const status = Number(statusLine.split(" ")[1]);
    answers.push({ status, headers, body: Buffer.from(after.slice(0, length), "latin1") });
    rest = after.slice(length);
  }
  return answers;
}
