import { z } from "zod";
import { isLine } from "#registry-protocol/text.js";
import { isInstant } from "../catalog/place.js";
import type { PullCursor } from "../pulls/pull-query.js";

const line = z.string().refine(isLine);

/** Where a page of pulls ended, as a cursor has it. */
export const pullPosition: z.ZodType<PullCursor> = z.object({
  lastAt: line.refine(isInstant),
  tag: line,
  digest: line,
  caller: line,
});
