import { describeError, type DescribedError } from "./describe-error.js";
import type { Logger } from "./log.js";

/** Tells of work that is tried again and again. */
export interface LastingFailure {
  /** It failed, perhaps as it did before; `more` goes into the line. */
  readonly failed: (error: unknown, more?: Readonly<Record<string, unknown>>) => void;
  /** It worked: the next failure is a new one. */
  readonly worked: () => void;
}

const TELL_AGAIN_MILLISECONDS = 60_000;
/** Texts that are never the same would make a line each time. */
const MOST_AT_ONCE = 5;

/**
 * What is tried each second and fails for an hour is one failure: it is told when it begins, when it becomes another one,
 * and once a minute, with how often it was tried since.
 *
 * @param tell - writes the line; gets the error, `failures` since the last line, and whatever `failed` was given
 * @param now - milliseconds of a clock that is never set
 * @returns what is told of each attempt
 */
export function lastingFailure(
  tell: (fields: { readonly err: unknown; readonly failures: number }) => void,
  now: () => number = () => performance.now(),
): LastingFailure {
  const told = new Map<string, number>();
  let failures = 0;
  const isTold = (kind: string): boolean => {
    for (const [key, at] of told) if (now() - at >= TELL_AGAIN_MILLISECONDS) told.delete(key);
    return told.has(kind) || told.size >= MOST_AT_ONCE;
  };
  return {
    failed: (error, more = {}) => {
      failures += 1;
      const kind = kindOf(describeError(error));
      if (isTold(kind)) return;
      told.set(kind, now());
      tell({ ...more, err: error, failures });
      failures = 0;
    },
    worked: () => {
      told.clear();
      failures = 0;
    },
  };
}

/**
 * @param log - where failures are told
 * @param event - of the lines
 * @returns as {@link lastingFailure}, with warnings
 */
export function lastingWarning(log: Pick<Logger, "warn">, event: string): LastingFailure {
  return lastingFailure((fields) => {
    log.warn({ event, ...fields });
  });
}

function kindOf({ type, code, message, cause }: DescribedError): string {
  return [type, code, message, cause === undefined ? "" : kindOf(cause)].join("\n");
}
