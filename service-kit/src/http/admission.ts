import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import type { ConnectionCount, Standing } from "./connection-count.js";
import { closeAfterEarlyAnswer } from "./early-answer.js";
import { handshakes } from "./handshakes.js";
import type { HeadwayWatch } from "./headway.js";
import type { Connection, Exchange, OpenConnections } from "./open-connections.js";
import type { Refusal } from "./refusal.js";
import { refuseHead } from "./request-head.js";
import { sendJson } from "./send-fault.js";
import { setStatusLine } from "./status-line.js";
import { answerOnSocket, faultOnSocket, parserFault } from "./unparsable.js";

/** What admitting requests needs. */
export interface AdmissionDeps {
  readonly handler: RequestListener;
  /** Whether a handshake comes before the first request. */
  readonly isTls: boolean;
  readonly connections: ConnectionCount;
  readonly open: OpenConnections;
  readonly headway: HeadwayWatch;
  /** Whether a request is answered although there is no room for its connection: whoever watches over us. */
  readonly isEssential: (req: IncomingMessage) => boolean;
  /** Sets headers that every answer to a request has. */
  readonly mark: (req: IncomingMessage, res: ServerResponse) => void;
  readonly count: (reason: Refusal) => void;
}

/** No client of ours sends a second request before the first is answered; each holds what its handler holds. */
export const MOST_UNANSWERED = 4;

/** Streams between an answer and its upstream listen for its end more than ten times. */
const MOST_LISTENERS = 30;

/** What a listener does with what comes in. */
export interface Admission {
  readonly onConnection: (socket: Socket) => void;
  /** The TLS handshake on a connection is done. */
  readonly onSecure: (socket: Socket) => void;
  readonly onRequest: RequestListener;
  readonly onConnect: (socket: Socket) => void;
  readonly onParserError: (error: NodeJS.ErrnoException, socket: Socket) => void;
}

/**
 * Stands in front of a listener's handler: what is refused here never reaches it.
 *
 * @param deps - the handler, and the listener's counts
 * @returns handlers of a server's events
 */
export function admission(deps: AdmissionDeps): Admission {
  const { connections, open, headway, count } = deps;
  const shaking = handshakes();

  const onConnection = (socket: Socket): Connection => {
    const standing = connections.open(socket);
    if (standing !== "welcome") count(standing);
    const connection = open.add(socket, standing);
    if (deps.isTls) shaking.begin(connection);
    // Answers that wait for their turn on it never hear that it was closed.
    socket.once("close", () => {
      for (const { unwatch } of connection.unanswered) unwatch();
    });
    return connection;
  };
  const onSecure = (socket: Socket): Connection => {
    const connection = shaking.end(socket);
    if (connection === undefined) return onConnection(socket);
    connection.idleSince = performance.now();
    open.secure(connection, socket);
    return connection;
  };
  const connectionOf = (socket: Socket) =>
    open.of(socket) ?? (deps.isTls ? onSecure(socket) : onConnection(socket));

  const begin = (connection: Connection, req: IncomingMessage, res: ServerResponse) => {
    const { socket } = req;
    const unwatch = headway.add(req, res, () => {
      count("slow");
      if (res.headersSent) socket.destroy();
      else answerFault(res, new Fault("BODY_TOO_SLOW"));
    });
    const exchange: Exchange = { req, res, unwatch };
    connection.unanswered.add(exchange);
    connections.busy(connection.tcp);
    res.once("close", () => {
      unwatch();
      connection.unanswered.delete(exchange);
      if (connection.unanswered.size > 0) return;
      connections.idle(connection.tcp);
      connection.idleSince = performance.now();
      if (connection.last !== null) answerOnSocket(socket, connection.last);
    });
    closeAfterEarlyAnswer(req, res, () => {
      connection.isClosing = true;
    });
    res.setMaxListeners(MOST_LISTENERS);
    // The parser takes all that follows such a request for another protocol.
    if (req.headers.upgrade !== undefined || open.isEnding()) res.shouldKeepAlive = false;
  };

  const onHandshakeError = (error: NodeJS.ErrnoException, socket: Socket) => {
    const connection = shaking.end(socket);
    if (error.code !== "ECONNRESET") count("handshake");
    if (error.code === "ERR_SSL_HTTP_REQUEST" && connection !== undefined)
      connection.tcp.write(faultOnSocket(new Fault("TLS_REQUIRED")));
    socket.destroy();
  };

  return {
    onConnection,
    onSecure,
    onRequest: (req, res) => {
      const connection = connectionOf(req.socket);
      if (connection.isClosing) {
        req.socket.destroy();
        return;
      }
      begin(connection, req, res);
      deps.mark(req, res);
      const refusal = refuse(deps, connection, req);
      if (refusal === null) {
        deps.handler(req, res);
        return;
      }
      if (refusal.reason !== connection.standing) count(refusal.reason);
      answerFault(res, refusal.fault);
    },
    onConnect: (socket) => {
      count("connect");
      answerOnSocket(socket, new Fault("METHOD_UNSUPPORTED"));
    },
    onParserError: (error, socket) => {
      if (deps.isTls && open.of(socket) === undefined) {
        onHandshakeError(error, socket);
        return;
      }
      const connection = connectionOf(socket);
      if (error.code === "ECONNRESET" || !socket.writable || connection.isClosing) {
        socket.destroy();
        return;
      }
      count(error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "head-timeout" : "unparsable");
      const fault = parserFault(error);
      const [first, ...others] = [...connection.unanswered];
      if (first === undefined) answerOnSocket(socket, fault);
      else if ((others.at(-1) ?? first).req.complete) connection.last = fault;
      else if (others.length === 0 && !first.res.headersSent) {
        forsake(first.res, socket);
        answerOnSocket(socket, fault);
      }
      // An answer that had begun, or one that comes before: nothing can be said that would not be taken for it.
      else socket.destroy();
    },
  };
}

/** What its handler would still answer must not follow on the connection; the handler hears that nobody waits. */
function forsake(res: ServerResponse, socket: Socket): void {
  res.detachSocket(socket);
  res.destroy();
  res.emit("close");
}

function refuse(
  { isEssential }: AdmissionDeps,
  { standing, unanswered }: Connection,
  req: IncomingMessage,
): { readonly reason: Refusal; readonly fault: Fault } | null {
  const head = refuseHead(req);
  if (head !== null) return head;
  if (standing !== "welcome" && !isEssential(req))
    return { reason: standing, fault: noRoom(standing) };
  if (unanswered.size > MOST_UNANSWERED)
    return { reason: "pipelining", fault: new Fault("TOO_MANY_REQUESTS") };
  return null;
}

function noRoom(standing: Exclude<Standing, "welcome">): Fault {
  if (standing === "connections-of-source")
    return new Fault("TOO_MANY_REQUESTS", { message: "too many connections from this address" });
  return new Fault("UNAVAILABLE", {
    message: "all connections are taken for the moment, try again",
  });
}

function answerFault(res: ServerResponse, fault: Fault): void {
  const { status, summary, headers, body } = toFaultReply(fault, "");
  res.shouldKeepAlive = false;
  res.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  setStatusLine(res, status, summary);
  sendJson(res, status, body);
}
