import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { asLine } from "#registry-protocol/text.js";
import { headerText } from "./header-text.js";
import type { ClientFacts } from "./client-facts.js";
import type { RequestAtHand } from "../request-at-hand.js";

/** What is known of a request from its first byte on. */
export interface RequestContext {
  /** In every log line and error of this request, and in `X-Request-Id` of answer and upstream request. */
  readonly requestId: string;
  /** What a client calls it, in log lines alone: two requests may have it, and another one's id can be claimed so. */
  readonly clientRequestId: string | null;
  /** Name of the endpoint for logs and metrics; never a raw path, which would leak and not be bounded. */
  route: string;
  /** Verified name of who asks, once known. */
  actor: string | null;
  /** The same, as the audit log names them. */
  who: Known | null;
  /** Where it comes from. */
  client: ClientFacts;
  /** What it is about, for the log, as far as it was understood. */
  subject: RequestSubject;
  /** Whether a success of it is nothing to tell of, although it is no read. */
  isRoutine: boolean;
  /** What came in the way of it; `null`: nothing so far. */
  failure: RequestFailure | null;
}

/** A verified login. */
export interface Known {
  readonly uid: string;
  readonly realm: string;
  readonly kind: string;
}

/** What a request is about. */
export interface RequestSubject {
  readonly repository?: string;
  /** Tag or digest, as the client names it. */
  readonly reference?: string;
}

/** Why a request failed. */
export interface RequestFailure {
  /** The fault's; absent: nobody foresaw it, or an upstream said it. */
  readonly code?: string;
  readonly reason?: string;
  /** Id of the rule that refused it, where one did. */
  readonly rule?: string | undefined;
  /** What was thrown, where that tells more. */
  readonly cause?: unknown;
}

/** The one line that the log has of a request; docs/operations.md has its fields, and a test compares them. */
export interface RequestLine {
  readonly event: "request";
  readonly requestId: string;
  readonly clientRequestId?: string;
  /** As the OpenTelemetry specification writes it ("Trace Context in non-OTLP Log Formats"). */
  readonly trace_id?: string;
  readonly method: string;
  readonly route: string;
  readonly repository?: string;
  readonly reference?: string;
  readonly digest?: string;
  /** `aborted`: the connection was closed before the answer had come to its end. */
  readonly status: string;
  readonly actor: string | null;
  readonly address: string;
  readonly userAgent?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly milliseconds: number;
  readonly upstreamMilliseconds?: number;
  readonly databaseMilliseconds?: number;
  readonly code?: string;
  readonly reason?: string;
  /** What was thrown; the log writes no more of it than it may (`describeError`). */
  readonly err?: unknown;
}

/** How severe a line is. */
export type LineLevel = "debug" | "info" | "warn" | "error";

/** A header of any length does not make a line of any length. */
const MOST_USER_AGENT_CHARACTERS = 200;

/** A request that has ended, and what was understood of it. */
export interface EndedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly context: RequestContext;
  /** How long it took. */
  readonly milliseconds: number;
  /** What of that it waited for others. */
  readonly spent: Readonly<RequestAtHand> | null;
}

/**
 * @param ended - a request
 * @returns what the log says of it
 */
export function requestLine({ req, res, context, ...times }: EndedRequest): RequestLine {
  const { route, actor, client, subject } = context;
  return {
    event: "request",
    ...shownIds(context),
    ...traceOf(times.spent),
    ...{ method: knownMethod(req.method), route, ...subject, ...digestOf(res) },
    status: statusOf(res),
    ...{ actor, address: client.address, ...programOf(req) },
    ...bytesOf(req.socket),
    milliseconds: rounded(times.milliseconds),
    ...waited("upstreamMilliseconds", times.spent?.upstream),
    ...waited("databaseMilliseconds", times.spent?.database),
    ...failureOf(context),
  };
}

/**
 * @param res - an answer that has ended
 * @returns its status for log and metrics
 */
export function statusOf(res: ServerResponse): string {
  return res.writableFinished ? String(res.statusCode) : "aborted";
}

/**
 * Whatever changes something or fails is worth a line; reads that went well are counted, and many.
 *
 * @param ended - a request
 * @returns how severe its line is
 */
export function levelOf({
  req: { method },
  res,
  context: { failure, isRoutine },
}: Pick<EndedRequest, "req" | "res" | "context">): LineLevel {
  const isUnforeseen = failure?.cause !== undefined && failure.code === undefined;
  if (isUnforeseen) return "error";
  if (failure?.cause !== undefined || res.statusCode >= 500) return "warn";
  const changesNothing = isRoutine || method === "GET" || method === "HEAD";
  return changesNothing && res.writableFinished && res.statusCode < 400 ? "debug" : "info";
}

const METHODS: readonly (string | undefined)[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * @param method - of a request
 * @returns it where it is one of the usual ones, so that it can label a metric
 */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && METHODS.includes(method) ? method : "other";
}

function shownIds({ requestId, clientRequestId }: RequestContext) {
  return clientRequestId === null ? { requestId } : { requestId, clientRequestId };
}

function traceOf(spent: EndedRequest["spent"]): { trace_id?: string } {
  const traceId = spent?.trace?.traceId ?? null;
  return traceId === null ? {} : { trace_id: traceId };
}

function digestOf(res: ServerResponse): { digest?: string } {
  const digest = res.getHeader("Docker-Content-Digest");
  return typeof digest === "string" ? { digest } : {};
}

function programOf(req: IncomingMessage): { userAgent?: string } {
  const userAgent = userAgentOf(req);
  return userAgent === "" ? {} : { userAgent };
}

/**
 * @param req - a request
 * @returns its program as it says, on one line and not longer than it may be; empty: it does not say
 */
export function userAgentOf({ headers }: IncomingMessage): string {
  return asLine(headerText(headers["user-agent"] ?? ""), MOST_USER_AGENT_CHARACTERS);
}

/** What of connections has been told by earlier lines. */
const told = new WeakMap<Socket, { readonly read: number; readonly written: number }>();

/**
 * What goes over a connection for a request without a line is no part of the next one's.
 *
 * @param socket - the connection
 */
export function skipLine(socket: Socket): void {
  told.set(socket, { read: socket.bytesRead, written: socket.bytesWritten });
}

/** Heads included, as they went over the connection; where a client pipelines requests, some are told with the one before. */
function bytesOf(socket: Socket): { bytesIn: number; bytesOut: number } {
  const { read, written } = told.get(socket) ?? { read: 0, written: 0 };
  const now = { read: socket.bytesRead, written: socket.bytesWritten };
  told.set(socket, now);
  return { bytesIn: now.read - read, bytesOut: now.written - written };
}

function waited<Name extends string>(name: Name, milliseconds = 0): Partial<Record<Name, number>> {
  return milliseconds === 0 ? {} : ({ [name]: rounded(milliseconds) } as Record<Name, number>);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function failureOf({ failure }: RequestContext): Pick<RequestLine, "code" | "reason" | "err"> {
  if (failure === null) return {};
  const { code, reason, cause } = failure;
  return {
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { err: cause }),
  };
}
