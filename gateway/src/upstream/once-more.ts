import type { IncomingMessage } from "node:http";

/** A request on its way. */
export interface Sending {
  /** The answer's head. Rejects when there is none, with what `cut` was given when that was why. */
  readonly answer: Promise<IncomingMessage>;
  /** Ends everything, connection included. */
  cut(reason: Error): void;
}

/** A request that may have to be made again. */
export interface Attempt extends Sending {
  /** @returns whether it failed since the connection, kept from another exchange, was closed before a word of answer */
  isForgotten(error: unknown): boolean;
}

/**
 * @param first - a request that changes nothing, on its way on a connection that may have been kept
 * @param again - makes it again, on a connection that nobody had before
 * @returns both as one: a failure of the second is final, and so is whatever cuts it
 */
export function onceMore(first: Attempt, again: () => Sending): Sending {
  let current: Sending = first;
  let isCut = false;
  const answer = first.answer.catch((error: unknown): Promise<IncomingMessage> => {
    if (isCut || !first.isForgotten(error)) throw error;
    current = again();
    return current.answer;
  });
  // Whoever waits for the answer hears of a failure.
  answer.catch(() => undefined);
  return {
    answer,
    cut: (reason) => {
      isCut = true;
      current.cut(reason);
    },
  };
}
