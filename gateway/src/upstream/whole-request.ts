import type { MadeBody } from "./made-request.js";
import { sender } from "./send.js";

/** A small answer, read whole. */
export interface WholeAnswer {
  readonly status: number;
  /** For the status line, where the gateway says it in the place of the registry. */
  readonly summary?: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A request that is sent in one piece. */
export interface WholeRequest {
  /** Path and query, byte for byte. */
  readonly target: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** How long everything may take, in milliseconds. */
  readonly milliseconds: number;
}

/** @returns the answer, whatever its status. @throws when there is no whole one in time */
export type Ask = (request: WholeRequest) => Promise<WholeAnswer>;

/** What asks a server, and knows what became of its connections. */
export interface WatchedRequests {
  readonly ask: Ask;
  /** @returns how many kept connections have been closed so far: the server may have been started again */
  readonly closed: () => number;
}

/** More than any request may take as a whole: that is bounded one by one. */
const IDLE_SECONDS = 600;

/**
 * `fetch` would do, but for its connections: after each HEAD it makes a new one.
 *
 * @param url - the server, with what all its paths begin with
 * @returns what asks it, on connections that are kept as long as nothing unusual happens on them
 */
export function watchedRequests(url: string): WatchedRequests {
  const { send, closed } = sender(new URL(url), IDLE_SECONDS);
  const ask: Ask = async ({ target, method, headers, body: bytes, milliseconds }) => {
    const body: MadeBody = bytes === undefined ? { kind: "none" } : { kind: "whole", bytes };
    const sending = send({ method, target, headers, body });
    const timer = setTimeout(() => {
      sending.cut(new Error(`timeout: no whole answer within ${milliseconds} ms`));
    }, milliseconds);
    try {
      const answer = await sending.answer;
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      if (!answer.complete) throw new Error("the answer was cut off");
      return {
        status: answer.statusCode ?? 0,
        headers: headersOf(answer.rawHeaders),
        body: Buffer.concat(parts),
      };
    } catch (error) {
      sending.cut(new Error("the exchange is over"));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return { ask, closed };
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? "", raw[i + 1] ?? "");
  return headers;
}

/**
 * @param url - the server, with what all its paths begin with
 * @returns what asks it, as {@link watchedRequests} does
 */
export function wholeRequests(url: string): Ask {
  return watchedRequests(url).ask;
}
