import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { changesNothing, isForgotten } from "#service-kit/http/closed-connection.js";
import { boundConnecting } from "#service-kit/http/not-connected.js";
import { answerOutcome, askingPart } from "#service-kit/http/asking-part.js";
import { beginPart, shownAs, spendOn } from "#service-kit/request-at-hand.js";
import { onceMore, type Attempt, type Sending } from "./once-more.js";
import { keptConnections } from "./kept-connections.js";
import { isLarge } from "./large-body.js";
import { lineConnections } from "./line-connections.js";
import { LineExchange } from "./line-exchange.js";
import type { Duplex } from "node:stream";
import { wireHeaders, type MadeRequest } from "./made-request.js";
import { streamBody } from "./stream-body.js";
import { targetTemplate } from "./target-template.js";

const UNASKED_UPGRADE = "an upgrade that nobody asked for";

/** Sends exactly a made request; `client` is where a streamed body comes from. @throws TypeError when there is none */
export type Send = (made: MadeRequest, client?: IncomingMessage) => Sending;

/** What sends, and knows what became of its connections. */
export interface Sender {
  readonly send: Send;
  /** @returns how many kept connections have been closed since it was made */
  readonly closed: () => number;
}

/** What is not the same for all upstreams. */
export interface SenderOptions {
  /** How long a connection may take; absent: as long as the system waits. */
  readonly connectMilliseconds?: number;
  /** Whether bodies come from there that whoever asks passes on by {@link pour}; absent: none. */
  readonly hasLargeBodies?: boolean;
}

/** The connections that a request may go on. */
interface Connections {
  readonly agent: HttpAgent;
  /** Told when an exchange went as it should; absent: these are not used again. */
  readonly trust?: (connection: Duplex) => void;
}

/**
 * Whoever keeps a connection may close it whenever they like, also while the next request is on its way on it (RFC 9112
 * section 9.3.1). So only what may be repeated goes on a kept one, and is, once, on a new one; everything else gets a
 * new one from the start: of that, no answer says nothing about what has been done.
 *
 * @param url - the upstream, with what all its paths begin with
 * @param idleSeconds - without a byte from the upstream after which it counts as gone
 * @param options - see there
 * @returns what sends to it
 */
export function sender(
  url: URL,
  idleSeconds: number,
  { connectMilliseconds, hasLargeBodies = false }: SenderOptions = {},
): Sender {
  const { protocol, port, pathname } = url;
  const kept = keptConnections(protocol);
  // With TLS nothing is gained: what is encrypted comes in pieces of 16 KiB.
  const lines = hasLargeBodies && protocol === "http:" ? lineConnections(url) : kept;
  const fresh = { agent: protocol === "https:" ? new HttpsAgent() : new HttpAgent() };
  const send = protocol === "https:" ? httpsRequest : httpRequest;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const prefix = pathname.replace(/\/$/, "");
  const attempt = (connections: Connections, made: MadeRequest, client?: IncomingMessage) => {
    const outgoing = send({
      agent: connections.agent,
      ...{ host, port, method: made.method, path: `${prefix}${made.target}` },
      headers: wireHeaders(made, url.host),
      setHost: false,
      insecureHTTPParser: false,
    });
    outgoing.setTimeout(idleSeconds * 1000, () => {
      outgoing.destroy(new Error(`no byte for ${idleSeconds} seconds`));
    });
    if (connectMilliseconds !== undefined) boundConnecting(outgoing, connectMilliseconds);
    const stopBody = writeBody(made, outgoing, client);
    return watch(outgoing, connections, stopBody);
  };
  const begin = (made: MadeRequest, client?: IncomingMessage) =>
    changesNothing(made.method)
      ? onceMore(attempt(made.method === "GET" ? lines : kept, made), () => attempt(fresh, made))
      : attempt(fresh, made, client);
  return {
    send: (made, client) => {
      const part = beginPart(() => askingPart(made.method, url, targetTemplate(made.target)));
      const headers = { ...made.headers, ...part?.headers };
      const sending = begin(part === null ? made : { ...made, headers }, client);
      const answer = spendOn("upstream", shownAs(part, sending.answer, answerOutcome));
      // Whoever waits for it hears of a failure.
      answer.catch(() => undefined);
      return {
        answer,
        cut: (reason) => {
          sending.cut(reason);
        },
      };
    },
    closed: () => kept.closed(),
  };
}

function writeBody(
  { body }: MadeRequest,
  outgoing: ClientRequest,
  client: IncomingMessage | undefined,
): () => void {
  switch (body.kind) {
    case "none":
      outgoing.end();
      return () => undefined;
    case "whole":
      outgoing.end(body.bytes);
      return () => undefined;
    case "streamed":
      if (client === undefined) throw new TypeError("nobody streams the body");
      return streamBody(client, outgoing, body.length);
  }
}

function watch(outgoing: ClientRequest, { trust }: Connections, stopBody: () => void): Attempt {
  let isUnusual = false;
  const { shouldKeepAlive } = outgoing;
  outgoing.once("socket", (socket: Duplex) => {
    if (socket instanceof LineExchange) outgoing.reusedSocket = socket.isReused;
  });
  // Nobody asked for an interim answer: what follows may not be what it seems.
  outgoing.on("information", () => (isUnusual = true));
  outgoing.on("upgrade", (_answer, socket) => {
    socket.destroy();
    outgoing.destroy(new Error(UNASKED_UPGRADE));
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.once("close", () => {
      reject(new Error("the connection was closed without an answer"));
    });
    outgoing.once("response", (incoming) => {
      // Without a `Connection: upgrade` Node takes it for an answer.
      if (incoming.statusCode === 101) {
        outgoing.destroy(new Error(UNASKED_UPGRADE));
        return;
      }
      if (endsWithItsHead(outgoing, incoming)) outgoing.shouldKeepAlive = shouldKeepAlive;
      const isEarly = !outgoing.writableFinished;
      if (isEarly) stopBody();
      const { socket } = incoming as { socket: Duplex };
      if (!isEarly && !isUnusual && socket instanceof LineExchange && isLarge(incoming))
        socket.hold();
      incoming.once("end", () => {
        if (isEarly) outgoing.destroy();
        else if (!isUnusual && incoming.complete) trust?.(socket);
      });
      resolve(incoming);
    });
  });
  // Whoever waits for the answer hears of a failure; after it has come, whoever reads it does.
  answer.catch(() => undefined);
  return {
    answer,
    isForgotten: (error) => !isUnusual && isForgotten(outgoing, error),
    cut: (reason) => outgoing.destroy(reason),
  };
}

/**
 * To a HEAD there is no body, whatever the head says (RFC 9112 section 6.3). Node decides before it thinks of that, and closes the
 * connection where the head says nothing, as registries do that send whoever asks for a blob on to S3; each such end would count as
 * if the registry had been started again.
 */
function endsWithItsHead(
  { method }: ClientRequest,
  { httpVersion, headers }: IncomingMessage,
): boolean {
  const saysNothing = !("content-length" in headers) && !("transfer-encoding" in headers);
  const isKept = /^keep-alive$/i.test(headers.connection ?? "keep-alive");
  return method === "HEAD" && httpVersion === "1.1" && saysNothing && isKept;
}
