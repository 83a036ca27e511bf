import { fetchAgain } from "./fetch-again.js";

/** Answer of a service that was asked for JSON. */
export interface JsonReply {
  readonly status: number;
  /** Parsed body, or `null` when it was no JSON. */
  readonly body: unknown;
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

const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Asks another service, with a bound on time and on the answer's size. Redirects are not followed:
 * the request may carry a credential that only the configured service may see.
 *
 * @param url - absolute URL; is never put into an error, it may hold a token
 * @param init - method, headers and body
 * @param timeoutMilliseconds - bound on the whole exchange
 * @returns status (below 500) and parsed body
 * @throws ServiceUnreachable
 */
export async function fetchJson(
  url: URL,
  init: { method?: string; headers?: Record<string, string>; body?: string },
  timeoutMilliseconds: number,
): Promise<JsonReply> {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const at = `${url.host}${url.pathname}`;
  try {
    const answer = await fetchAgain(url, { ...init, signal, redirect: "manual" });
    const text = await readBounded(answer, at);
    if (answer.status >= 500 || (answer.status >= 300 && answer.status < 400))
      throw new ServiceUnreachable(`${at} answered ${answer.status}`, answer.status);
    return { status: answer.status, body: parseOrNull(text) };
  } catch (error) {
    if (error instanceof ServiceUnreachable) throw error;
    throw new ServiceUnreachable(`${at} could not be reached: ${reasonOf(error)}`);
  }
}

async function readBounded(answer: Response, at: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = answer.body;
  if (body === null) return "";
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES)
      throw new ServiceUnreachable(`${at} answered with more than 1 MiB`, answer.status);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The system's error code says enough; messages of some runtimes repeat the URL. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  if (error.name === "TimeoutError") return "no answer in time";
  const cause: unknown = error.cause;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error.name === "TypeError" ? "connection failed" : error.message;
}
