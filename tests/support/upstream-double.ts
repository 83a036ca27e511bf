import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { listening } from "./test-server.js";

/** A request as an upstream got it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body that have arrived so far. */
  received: number;
  /** The body as text, its first 64 KiB. */
  body: string;
  /** Whether the body arrived whole. */
  complete: boolean;
  /** Whether the connection went away before the answer was sent. */
  cut: boolean;
}

/** How an upstream answers; the default takes the body and answers 200 with `{}`. */
export type UpstreamHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  seen: SeenRequest,
) => void | Promise<void>;

/** A server that stands where the registry or the token server would. */
export interface UpstreamDouble {
  readonly url: string;
  readonly port: number;
  /** Every request whose head arrived, in order. */
  readonly seen: SeenRequest[];
  /** Replaces what it does from the next request on, and forgets what it has seen. */
  answerWith(handler: UpstreamHandler): void;
  stop(): Promise<void>;
}

const KEPT_BYTES = 64 * 1024;

/**
 * @param handler - how to answer
 * @returns the server, listening
 */
export async function startUpstream(handler: UpstreamHandler = takeAll): Promise<UpstreamDouble> {
  const seen: SeenRequest[] = [];
  let current = handler;
  const answer = (req: IncomingMessage, res: ServerResponse) => {
    const entry = watch(req, res);
    seen.push(entry);
    void current(req, res, entry);
  };
  const server = createServer({ requestTimeout: 0 }, answer);
  const { url, port, stop } = await listening(server);
  return {
    ...{ url, port },
    seen,
    answerWith: (next) => {
      current = next;
      seen.length = 0;
    },
    stop,
  };
}

/** Takes the whole body and answers 200 with `{}`. */
export const takeAll: UpstreamHandler = async (req, res, seen) => {
  await bodyOf(req, seen);
  if (!seen.complete) return;
  res.writeHead(200, { "Content-Type": "application/json" }).end("{}");
};

/**
 * @param status - of the answer
 * @param headers - of the answer
 * @param body - of the answer
 * @returns a handler that takes the whole body and then answers so
 */
export function replyWith(
  status: number,
  headers: Record<string, string | string[]> = {},
  body = "",
): UpstreamHandler {
  return async (req, res, seen) => {
    await bodyOf(req, seen);
    if (!seen.complete) return;
    res.writeHead(status, headers).end(body);
  };
}

/**
 * @param req - a request
 * @param seen - gets what arrives
 */
export async function bodyOf(req: IncomingMessage, seen: SeenRequest): Promise<void> {
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      seen.received += chunk.length;
      if (seen.body.length < KEPT_BYTES) seen.body += chunk.toString("latin1").slice(0, KEPT_BYTES);
    }
    seen.complete = true;
  } catch {
    // The connection was cut: `complete` says so.
  }
}

/**
 * @param req - a request
 * @param seen - gets what arrives
 * @returns the whole body, or `null` when it was cut off
 */
export async function wholeBody(req: IncomingMessage, seen: SeenRequest): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return null;
  }
  const content = Buffer.concat(chunks);
  seen.received = content.length;
  seen.body = content.toString("latin1");
  seen.complete = true;
  return content;
}

function watch(req: IncomingMessage, res: ServerResponse): SeenRequest {
  const entry: SeenRequest = {
    method: req.method ?? "",
    target: req.url ?? "",
    headers: req.headers,
    received: 0,
    body: "",
    complete: false,
    cut: false,
  };
  res.once("close", () => {
    entry.cut = !res.writableFinished;
  });
  return entry;
}
