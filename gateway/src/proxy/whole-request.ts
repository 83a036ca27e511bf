import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** A small answer, read whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A request that is sent in one piece. */
export interface WholeRequest {
  /** Path and query, byte for byte. */
  readonly target: string;
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** How long everything may take, in milliseconds. */
  readonly milliseconds: number;
}

/** @returns the answer, whatever its status. @throws when there is no whole one in time */
export type Ask = (request: WholeRequest) => Promise<WholeAnswer>;

/**
 * `fetch` would do, but for its connections: after each HEAD it makes a new one.
 *
 * @param url - the server, with what all its paths begin with
 * @returns what asks it, on connections that are kept
 */
export function wholeRequests(url: string): Ask {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isTls = protocol === "https:";
  const agent = new (isTls ? HttpsAgent : HttpAgent)({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  const host = hostname.replace(/^\[|\]$/g, "");
  const prefix = pathname.replace(/\/$/, "");
  return async ({ target, method, headers, body, milliseconds }) => {
    const signal = AbortSignal.timeout(milliseconds);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const path = `${prefix}${target}`;
      const options = { agent, host, port, path, method, headers, signal };
      send(options, resolve).on("error", reject).end(body);
    });
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    if (!answer.complete) throw new Error("the answer was cut off");
    return {
      status: answer.statusCode ?? 0,
      headers: headersOf(answer.rawHeaders),
      body: Buffer.concat(parts),
    };
  };
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? "", raw[i + 1] ?? "");
  return headers;
}
