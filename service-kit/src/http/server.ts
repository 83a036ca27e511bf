import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Socket, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TlsOptions } from "node:tls";
import type { Logger } from "../log.js";
import type { ServiceMetrics } from "../metrics.js";
import type { Component } from "../run-until-signal.js";
import { admission } from "./admission.js";
import { connectionCount, type ConnectionLimits } from "./connection-count.js";
import { drain, LAST_REQUEST_MILLISECONDS } from "./drain.js";
import { HEAD_LIMITS } from "./head-limits.js";
import { HEADWAY, headwayWatch, type HeadwayLimits } from "./headway.js";
import { openConnections } from "./open-connections.js";
import type { Refusal } from "./refusal.js";
import { answerChallenges } from "./tls-challenge.js";
import { contextOptions, type TlsServing } from "./tls-serving.js";

/** How an HTTP listener behaves. */
export interface ListenerOptions {
  /** Also its label in metrics. */
  readonly name: string;
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Seconds that requests in flight get once nothing new is taken. */
  readonly drainSeconds: number;
  /** Seconds without a byte on a connection after which it is closed. */
  readonly idleSeconds: number;
  readonly connections: ConnectionLimits;
  /** What it proves itself by; absent: it speaks without TLS. */
  readonly tls?: TlsServing | undefined;
  /** Whether a request is answered although all connections are taken; absent: none is. */
  readonly isEssential?: (req: IncomingMessage) => boolean;
  /** Sets headers that every answer to a request has, refusals included; absent: there are none. */
  readonly mark?: (req: IncomingMessage, res: ServerResponse) => void;
  /** Absent: as everywhere. */
  readonly headMilliseconds?: number;
  readonly headway?: HeadwayLimits;
  /** Absent: as everywhere. */
  readonly graceMilliseconds?: number;
}

/** A running or stopped listener. */
export interface HttpListener extends Component {
  readonly server: Server;
}

/** How long a connection may be silent between two requests; longer than load balancers keep theirs. */
export const KEEP_ALIVE_MILLISECONDS = 75_000;
/** How late a head that takes too long may be noticed. */
export const MOST_CHECK_MILLISECONDS = 5_000;

/**
 * Every port of ours is one of these, so that what is bounded on one is bounded on all (docs/limits.md).
 *
 * @param options - where to listen, how much to bear and how to end
 * @param handler - answers the requests that were let in; is also asked for requests with
 *   `Expect: 100-continue`, before the client was told to go on
 * @param deps - where the port is told, and refusals are counted
 * @returns a component that listens while it is started and drains when it is stopped
 */
export function httpListener(
  options: ListenerOptions,
  handler: RequestListener,
  deps: { readonly log: Logger; readonly metrics: ServiceMetrics },
): HttpListener {
  const { name: listener, headMilliseconds = HEAD_LIMITS.milliseconds } = options;
  const server = serverFor(options.tls, {
    maxHeaderSize: HEAD_LIMITS.bytes,
    headersTimeout: headMilliseconds,
    handshakeTimeout: headMilliseconds,
    connectionsCheckingInterval: Math.min(MOST_CHECK_MILLISECONDS, headMilliseconds),
    // Node's default of 300 s would cut off any layer that takes longer to upload.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    // Answered by us, in the registry's form.
    requireHostHeader: false,
  });
  // One more than allowed, so that one too many is seen; the parser drops the rest without a word.
  server.maxHeadersCount = HEAD_LIMITS.headers + 1;
  server.setTimeout(options.idleSeconds * 1000);
  const connections = connectionCount(options.connections);
  const open = openConnections();
  const headway = headwayWatch(options.headway ?? HEADWAY);
  const admit = admission({
    handler,
    isTls: options.tls !== undefined,
    connections,
    open,
    headway,
    isEssential: options.isEssential ?? (() => false),
    mark: options.mark ?? (() => undefined),
    count: (reason) => {
      deps.metrics.refusals.inc({ listener, reason });
    },
  });
  deps.metrics.countConnections(listener, () => connections.size());
  server.on("connection", admit.onConnection);
  if (options.tls !== undefined) server.on("secureConnection", admit.onSecure);
  if (options.tls?.challenge !== undefined)
    answerChallenges(server, options.tls.challenge, {
      milliseconds: headMilliseconds,
      count: () => {
        deps.metrics.refusals.inc({ listener, reason: "handshake" satisfies Refusal });
      },
    });
  for (const event of ["request", "checkContinue", "checkExpectation"])
    server.on(event, admit.onRequest);
  server.on("connect", (_req, stream) => {
    admit.onConnect(asSocket(stream));
  });
  server.on("clientError", (error, stream) => {
    admit.onParserError(error, asSocket(stream));
  });
  return {
    name: listener,
    server,
    start: async () => {
      headway.start();
      await listen(server, options, deps.log);
    },
    announceStop: () => {
      open.end();
    },
    stop: async (since = performance.now()) => {
      const untilMilliseconds = since + options.drainSeconds * 1_000;
      const { graceMilliseconds = LAST_REQUEST_MILLISECONDS } = options;
      const requests = await drain(server, open, { untilMilliseconds, graceMilliseconds });
      if (requests > 0) deps.log.warn({ event: "requests.cut", listener, requests });
      headway.stop();
    },
  };
}

function serverFor(tls: TlsServing | undefined, options: ServerOptions & TlsOptions): Server {
  if (tls === undefined) return createServer(options);
  const server = createTlsServer({ ...options, ...contextOptions(tls) });
  tls.onChange(() => {
    server.setSecureContext(contextOptions(tls));
  });
  return server;
}

/** Node types the connection more widely than it is: ours are plain sockets. */
function asSocket(stream: Duplex): Socket {
  if (stream instanceof Socket) return stream;
  throw new TypeError("the connection of a listener is no socket");
}

function listen(server: Server, options: ListenerOptions, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      const { port } = server.address() as AddressInfo;
      log.info({ event: "listening", listener: options.name, host: options.host, port });
      resolve();
    });
  });
}
