import type { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { invalidTextIn } from "#registry-protocol/text.js";

/**
 * @param schema - what the input has to be
 * @param input - something that came from outside
 * @returns the parsed input
 * @throws Fault REQUEST_INVALID that names every wrong field
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const wrong = invalidTextIn(input);
  if (wrong !== null)
    throw new Fault("REQUEST_INVALID", {
      message: `${wrong === "" ? "input" : wrong}: must not hold control characters or halves of surrogate pairs`,
    });
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
  );
  throw new Fault("REQUEST_INVALID", { message: faults.join("; ").slice(0, 1000) });
}
