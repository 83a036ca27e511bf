/** What a log line holds of an error. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Messages of some libraries repeat what they were given. */
const MOST_MESSAGE_CHARACTERS = 1_000;
const MOST_STACK_CHARACTERS = 4_000;
const MOST_CAUSES = 5;

/**
 * Errors of libraries carry requests, bodies and rows in properties of their own. Only what is named here gets out.
 *
 * @param error - anything that was thrown
 * @returns its type, message, code and stack, and those of its causes
 */
export function describeError(error: unknown): DescribedError {
  return describe(error, MOST_CAUSES);
}

function describe(error: unknown, causes: number): DescribedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: "what was thrown is no error" };
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    type: error.name.slice(0, 100),
    message: error.message.slice(0, MOST_MESSAGE_CHARACTERS),
    ...(typeof code === "string" || typeof code === "number"
      ? { code: String(code).slice(0, 100) }
      : {}),
    ...(error.stack === undefined ? {} : { stack: framesOf(error.stack) }),
    ...(error.cause === undefined || causes === 0
      ? {}
      : { cause: describe(error.cause, causes - 1) }),
  };
}

/** Without the message, which stands at the head of it. */
function framesOf(stack: string): string {
  const frames = stack.split("\n").filter((line) => line.startsWith("    at "));
  return frames.join("\n").slice(0, MOST_STACK_CHARACTERS);
}
