import { LAST_TIME, askAgain } from "../upstream/ask-again.js";
import type { OnAnswer } from "../upstream/forward.js";
import type { StockRequest } from "../upstream/registry-target.js";
import type { Exchange } from "./exchange.js";
import { passOn, type PassOnDeps } from "./pass-on.js";

/** The registry answered 500: of a manifest it may be a verdict, of a moment at which it was writing it is none. */
export class RegistryFailed extends Error {
  override readonly name = "RegistryFailed";

  constructor() {
    super("the registry answered 500 to a request that only reads");
  }
}

/**
 * Streams a request that only reads, and asks again when the registry answers 500, which may pass by itself
 * ({@link askAgain}).
 *
 * @param deps - the way to the registry
 * @param exchange - the request, without a body
 * @param onAnswer - done with the registry's answer before the client sees it
 * @throws RegistryFailed when that is what `onAnswer` throws the last time; Fault as {@link passOn}, and what `onAnswer` throws
 */
export async function passOnAgain(
  deps: PassOnDeps,
  exchange: Exchange<StockRequest>,
  onAnswer?: OnAnswer,
): Promise<void> {
  const failed = await askAgain(
    (time) =>
      passOn(deps, exchange, async (answer) => {
        if (answer.statusCode === 500 && time < LAST_TIME) throw new RegistryFailed();
        await onAnswer?.(answer);
      }).then(() => false, isRegistryFailed),
    Boolean,
  );
  if (failed) throw new RegistryFailed();
}

function isRegistryFailed(error: unknown): true {
  if (error instanceof RegistryFailed) return true;
  throw error;
}
