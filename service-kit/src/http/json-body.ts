import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { JsonProblem } from "#registry-protocol/json/json-value.js";
import { atOnce, readJson, type JsonRules } from "#registry-protocol/json/read-json.js";
import { refuseOtherThanJson } from "./cross-site.js";
import { readSmallBody, type SmallBodyLimits } from "./small-body.js";

/** Forms and JSON of ours are a few hundred bytes; a robot with many grants is some KiB. */
export const REST_BODY_LIMITS: SmallBodyLimits = {
  maxBytes: 64 * 1024,
  totalMilliseconds: 15_000,
  leastBytesPerSecond: 256,
};

/** Ours are four deep. */
export const REST_JSON_RULES: JsonRules = {
  strict: true,
  maxDepth: 32,
  maxValues: 10_000,
  maxEntries: 1_000,
  maxCharacters: 16 * 1024,
};

/**
 * Reads the JSON of a REST request, whose caller is known by now: whoever is not gets nothing read.
 *
 * @param req - a request of which nobody has read the body
 * @param res - its answer, not begun
 * @param maxBytes - most that it may have; one text in it may be as long where that is more than is usual
 * @returns the value, still of any shape; `undefined` for a request without a body
 * @throws Fault CONTENT_TYPE_WRONG, REQUEST_INVALID, or those of {@link readSmallBody}; no text of the body is in any
 */
export async function readJsonBody(
  req: IncomingMessage,
  res: ServerResponse,
  maxBytes = REST_BODY_LIMITS.maxBytes,
): Promise<unknown> {
  refuseOtherThanJson(req);
  const content = await readSmallBody(req, res, { ...REST_BODY_LIMITS, maxBytes });
  if (content.length === 0) return undefined;
  const hasMore = maxBytes > REST_BODY_LIMITS.maxBytes;
  const rules = hasMore ? { ...REST_JSON_RULES, maxCharacters: maxBytes } : REST_JSON_RULES;
  try {
    atOnce(readJson(content, rules));
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    // What is wrong with it in particular would repeat a part of it, in the log as well.
    throw new Fault("REQUEST_INVALID", { message: WANTED });
  }
  return JSON.parse(content.toString("utf8"));
}

const WANTED = `the body is not JSON as it is wanted: UTF-8, each key once, no NUL, at most ${REST_JSON_RULES.maxDepth} levels deep`;
