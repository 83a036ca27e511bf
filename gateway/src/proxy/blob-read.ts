import { inAlgorithmOf } from "./asked-digest.js";
import { refuseCutAnswers } from "./blob-answers.js";
import type { ExchangeOf } from "./exchange.js";
import { passOnAgain } from "./pass-on-again.js";
import type { PassOnDeps } from "./pass-on.js";

/**
 * GET and HEAD of a blob (OCI distribution-spec, "Pulling blobs").
 *
 * @param deps - the way to the registry
 * @param exchange - the request
 * @throws Fault RANGE_INVALID, PRECONDITION_FAILED, and as {@link passOnAgain}
 */
export function readBlob(deps: PassOnDeps, exchange: ExchangeOf<"blob.read">): Promise<void> {
  return passOnAgain(deps, exchange, async (answer) => {
    const isThere = answer.statusCode !== undefined && answer.statusCode < 300;
    if (isThere) inAlgorithmOf(answer, exchange.request);
    await refuseCutAnswers(answer);
  });
}
