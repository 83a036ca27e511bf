import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import type { AnswerTime } from "#service-kit/clocks/clock-reading.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { Logger } from "#service-kit/log.js";
import type { MadeRequest } from "./made-request.js";
import type { Sending } from "./once-more.js";
import { refusedUs } from "./refused-us.js";
import { relayAnswer } from "./relay-answer.js";
import { anyOf } from "./any-of.js";
import { sender, type Send } from "./send.js";

/** A client's request and its answer. */
export interface ClientSide {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Done with the upstream's answer before the client sees it. */
export type OnAnswer = (answer: IncomingMessage) => Promise<void>;

/**
 * Sends a made request to one upstream and streams its answer to the client.
 * Resolves when the answer has ended or was cut off.
 *
 * @throws Fault UNAVAILABLE when the upstream gives no answer, BODY_INCOMPLETE or REQUEST_INVALID for the client's body
 */
export type Forward = (made: MadeRequest, client: ClientSide, onAnswer?: OnAnswer) => Promise<void>;

/** The upstream of a forwarder. */
export interface UpstreamTarget {
  readonly url: string;
  /** All that do the same, the first included; absent: there is one, which is asked no second time. */
  readonly urls?: readonly string[];
  /** What all of its answers that have a body are; others are of something that stands before it. Absent: anything. */
  readonly speaks?: RegExp;
  /** For messages: "the registry". */
  readonly name: string;
  /** Whether large bodies come from there, as blobs do; absent: none. */
  readonly hasLargeBodies?: boolean;
  /** Whether a 401 of the upstream is the client's affair (token server) or ours (registry). */
  readonly passUnauthorized: boolean;
  /** Seconds without a byte from the upstream after which it counts as gone. */
  readonly idleSeconds: number;
}

/**
 * Nothing is buffered: bytes flow at the speed of the slower side, and when one side goes away the
 * other one is told.
 *
 * @param target - where requests go
 * @param log - the service's log
 * @returns the forwarder
 */
export function forwarder(target: UpstreamTarget, log: Logger): Forward {
  const upstreamUrl = new URL(target.url);
  const passChallenge = target.passUnauthorized;
  const send = senderTo(target);
  return async (made, client, onAnswer) => {
    const { req, res } = client;
    const sending = send(made, req);
    const leave = () => {
      if (!res.writableFinished) sending.cut(new Fault("BODY_INCOMPLETE"));
    };
    res.once("close", leave);
    if (res.destroyed) leave();
    try {
      const answer = await answerOf(target, sending);
      refuseForeign(target, answer);
      noteFailure(target, answer, req);
      await onAnswer?.(answer);
      if (answer.statusCode === 401 && !target.passUnauthorized)
        throw refusedUs(target.name, timeOf(answer));
      await relayAnswer(answer, res, { upstreamUrl, passChallenge });
    } catch (error) {
      sending.cut(new Error("the exchange is over"));
      if (!res.headersSent) throw error;
      res.destroy();
      const { requestId } = contextOf(req);
      const reason = error instanceof Error ? error.message : "unknown";
      log.info({ event: "forward.cut", upstream: target.name, requestId, reason });
    } finally {
      res.off("close", leave);
    }
  };
}

/** Why the gateway itself ended it is known already; everything else is the upstream's doing. */
async function answerOf(target: UpstreamTarget, { answer }: Sending): Promise<IncomingMessage> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault("UNAVAILABLE", {
      message: `${target.name} is unavailable for the moment, try again`,
      cause,
    });
  }
}

function timeOf({ headers }: IncomingMessage): AnswerTime {
  return { date: headers.date ?? null, age: headers.age ?? null };
}

/** It goes on to the client as it is; the log says whose it was. */
function noteFailure(
  { name }: UpstreamTarget,
  { statusCode = 0 }: IncomingMessage,
  req: IncomingMessage,
) {
  if (statusCode >= 500) contextOf(req).failure = { reason: `${name} answered ${statusCode}` };
}

/** One of several that is lost is passed over soon. */
const CONNECT_MILLISECONDS = 2_000;

function senderTo({ url, urls, idleSeconds, hasLargeBodies = false }: UpstreamTarget): Send {
  if (urls === undefined) return sender(new URL(url), idleSeconds, { hasLargeBodies }).send;
  const bound = { connectMilliseconds: CONNECT_MILLISECONDS, hasLargeBodies };
  return anyOf(urls.map((each) => sender(new URL(each), idleSeconds, bound).send));
}

/** A balancer's page says nothing of what was asked. */
function refuseForeign({ name, speaks }: UpstreamTarget, answer: IncomingMessage): void {
  const { statusCode = 0, headers } = answer;
  const type = headers["content-type"];
  if (speaks === undefined || (type === undefined && BODILESS.includes(statusCode))) return;
  if (speaks.test(type ?? "")) return;
  throw new Fault("UNAVAILABLE", {
    message: `${name} is unavailable for the moment, try again`,
    cause: new Error(`what stands before it answered ${statusCode} with ${type ?? "no type"}`),
  });
}

/** RFC 9110, section 6.4.1. */
const BODILESS: readonly number[] = [204, 304];
