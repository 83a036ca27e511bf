import type { IncomingMessage } from "node:http";
import { isDigest } from "#registry-protocol/digest.js";
import type { PullRecorder } from "../pulls/pull-recorder.js";
import { actorOf, type ExchangeOf } from "./exchange.js";

/**
 * A pull is a manifest that was handed out: not a HEAD, and not a 304 to a client that has it.
 *
 * @param pulls - takes note
 * @param exchange - a request for a manifest
 * @returns what to do with the registry's answer
 */
export function notePull(
  pulls: Pick<PullRecorder, "looked" | "pulled">,
  exchange: ExchangeOf<"manifest.read">,
): (answer: Pick<IncomingMessage, "statusCode" | "headers">) => void {
  const { repository, reference } = exchange.request;
  const isGet = exchange.req.method === "GET";
  // Now, since the request's headers become the registry's when it is passed on.
  const puller = actorOf(exchange);
  return ({ statusCode, headers }) => {
    const digest = reference.digest ?? headers["docker-content-digest"];
    if (statusCode === 200 && typeof digest === "string" && isDigest(digest)) {
      const pull = { ...puller, repository, tag: reference.tag ?? null, digest };
      if (isGet) pulls.pulled(pull);
      else pulls.looked(pull);
    }
  };
}
