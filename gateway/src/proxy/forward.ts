import { Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import httpProxy from "http-proxy-3";
import { Fault } from "#registry-protocol/faults.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import type { Logger } from "#service-kit/log.js";
import { clientHeaders, upstreamHeaders } from "./headers.js";

/** How one request is passed on. */
export interface Passage {
  /** `Authorization` for the upstream; `undefined` sends none. */
  readonly authorization: string | undefined;
  /** Request target for the upstream, byte for byte; the client's own when absent. */
  readonly target?: string;
  /** Done with the upstream's answer before the client sees it. */
  readonly onAnswer?: (answer: IncomingMessage) => Promise<void>;
}

/** Streams a request to one upstream and its answer back. */
export type Forward = (req: Request, res: Response, passage: Passage) => void;

/** The upstream of a forwarder. */
export interface UpstreamTarget {
  readonly url: string;
  /** For messages: "the registry". */
  readonly name: string;
  /** Whether a 401 of the upstream is the client's affair (token server) or ours (registry). */
  readonly passUnauthorized: boolean;
  /** Seconds without a byte from the upstream after which it counts as gone. */
  readonly idleSeconds: number;
  /** Appended to clients' user agents, so that what the upstream reports can be told from others' requests. */
  readonly userAgentMark?: string;
}

/**
 * Nothing is buffered: bytes flow at the speed of the slower side, and when one side goes away the
 * other one is told.
 *
 * @param target - where requests go
 * @param log - the service's log
 * @returns the forwarder; it always sees to an answer, also when the upstream fails
 */
export function forwarder(target: UpstreamTarget, log: Logger): Forward {
  const url = new URL(target.url);
  const agent =
    url.protocol === "https:"
      ? new HttpsAgent({ keepAlive: true })
      : new HttpAgent({ keepAlive: true });
  const proxy = httpProxy.createProxyServer({
    target: target.url,
    agent,
    toProxy: true,
    selfHandleResponse: true,
    proxyTimeout: target.idleSeconds * 1000,
  });
  const passages = new WeakMap<object, Passage>();
  proxy.on("proxyRes", (answer, req, res) => {
    const onAnswer = passages.get(req)?.onAnswer ?? (() => Promise.resolve());
    void onAnswer(answer).then(
      () => relayAnswer(target, answer, req as Request, res as Response, log),
      (error: unknown) => {
        answer.destroy();
        sendFault(req, res, error, log);
      },
    );
  });
  return (req, res, passage) => {
    refuseUnframedBody(req);
    const { requestId, client } = contextOf(req);
    passages.set(req, passage);
    req.url = passage.target ?? req.url;
    const { userAgentMark } = target;
    const facts = { host: url.host, clientAddress: client.address, requestId, userAgentMark };
    req.headers = upstreamHeaders(req.headers, { ...facts, ...passage });
    if (passage.authorization === undefined) delete req.headers.authorization;
    proxy.web(req, res, {}, (error) => {
      // Once the answer has begun, whoever reads the upstream's answer notices the same failure.
      if (!res.headersSent) sendFault(req, res, unreachable(target, error), log);
    });
  };
}

export { admitBody } from "#service-kit/http/admit-body.js";

/** Methods of whose requests Node frames the body by itself. */
const WITH_BODY = ["POST", "PUT", "PATCH"];

/**
 * Node sends any other method's body as bare bytes, and an upstream would read them as the next request
 * on the connection. No registry client sends such a body, so it is refused.
 */
function refuseUnframedBody({ method, headers }: Request): void {
  const length = Number(headers["content-length"] ?? 0);
  const hasBody = headers["transfer-encoding"] !== undefined || length > 0;
  if (hasBody && !WITH_BODY.includes(method))
    throw new Fault("REQUEST_INVALID", { message: `a ${method} request must not have a body` });
}

async function relayAnswer(
  target: UpstreamTarget,
  answer: IncomingMessage,
  req: Request,
  res: Response,
  log: Logger,
): Promise<void> {
  if (answer.statusCode === 401 && !target.passUnauthorized) {
    answer.resume();
    sendFault(req, res, refusedUs(target), log);
    return;
  }
  res.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of clientHeaders(answer.headers, new URL(target.url)))
    res.setHeader(name, value);
  const challenge = answer.headers["www-authenticate"];
  if (target.passUnauthorized && challenge !== undefined)
    res.setHeader("WWW-Authenticate", challenge);
  try {
    await pipeline(answer, res);
  } catch (error) {
    // The pipeline has cut the client's connection: a short answer must not look like a whole one.
    const { requestId } = contextOf(req);
    const reason = error instanceof Error ? error.message : "unknown";
    log.info({ event: "forward.cut", upstream: target.name, requestId, reason });
  }
}

function unreachable(target: UpstreamTarget, cause: unknown): Fault {
  return new Fault("UNAVAILABLE", {
    message: `${target.name} is unavailable for the moment, try again`,
    cause,
  });
}

function refusedUs(target: UpstreamTarget): Fault {
  return new Fault("UNAVAILABLE", {
    message: `${target.name} did not accept the gateway's authorization for this request`,
    cause: new Error("401 from upstream: do its rootcertbundle, issuer and service match ours?"),
  });
}
