import type { IncomingMessage } from "node:http";
import { jsonOrNull } from "../json-or-null.js";
import { changesNothing } from "./closed-connection.js";
import { askedAs, exchange, reasonOf } from "./exchange.js";
import { outgoing, type Outgoing } from "./outgoing.js";

/** Answer of a service that was asked for JSON. */
export interface JsonReply {
  readonly status: number;
  /** Parsed body, or `null` when it was no JSON. */
  readonly body: unknown;
}

/** What is asked, beside the URL. */
export interface JsonQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The other service could not be asked: refused, timed out, too large, a redirect, or an answer of the 5xx family. */
export class ServiceUnreachable extends Error {
  override readonly name = "ServiceUnreachable";
  /** Status of its answer; `null` when there was none. */
  readonly status: number | null;

  constructor(message: string, status: number | null = null) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks another service, with a bound on time and on the answer's size. Redirects are not followed:
 * the request may carry a credential that only the configured service may see.
 *
 * @param url - absolute URL; is never put into an error, it may hold a token
 * @param question - method, headers and body
 * @param timeoutMilliseconds - bound on the whole exchange
 * @returns status (below 500) and parsed body
 * @throws ServiceUnreachable
 */
export type FetchJson = (
  url: URL,
  question: JsonQuestion,
  timeoutMilliseconds: number,
) => Promise<JsonReply>;

const MAX_ANSWER_BYTES = 1024 * 1024;
/** Proxies alone say it (RFC 9110, section 15.5.8): nobody behind one was asked. */
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * @param connections - by which services are asked
 * @returns what asks them
 */
export function jsonFetcher(connections: Outgoing): FetchJson {
  return async (url, question, timeoutMilliseconds) => {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const way = connections.to(url);
    const at = askedAs(`${url.host}${url.pathname}`, way);
    const { method = "GET", headers = {}, body } = question;
    const mayRepeat = changesNothing(method);
    try {
      const request = { method, headers: { accept: "*/*", ...headers }, body, signal, mayRepeat };
      const answer = await exchange(way, url, request);
      const text = await readBounded(answer, at);
      return { status: decidingStatus(answer, at), body: jsonOrNull(text) };
    } catch (error) {
      if (error instanceof ServiceUnreachable) throw error;
      const reason = signal.aborted ? "no answer in time" : reasonOf(error);
      throw new ServiceUnreachable(`${at} could not be reached: ${reason}`);
    }
  };
}

/** Asks directly, by no proxy. */
export const fetchJson: FetchJson = jsonFetcher(outgoing());

function decidingStatus({ statusCode: status = 0 }: IncomingMessage, at: string): number {
  if (status === PROXY_AUTHENTICATION_REQUIRED)
    throw new ServiceUnreachable(`${at} could not be reached: the proxy wants other credentials`);
  if (status >= 500 || (status >= 300 && status < 400))
    throw new ServiceUnreachable(`${at} answered ${status}`, status);
  return status;
}

async function readBounded(answer: IncomingMessage, at: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const body: AsyncIterable<Buffer> = answer;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES)
      throw new ServiceUnreachable(`${at} answered with more than 1 MiB`, answer.statusCode);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
