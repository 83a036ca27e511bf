import type { z } from "zod";

/**
 * @param key - what no two entries of a list may have in common
 * @returns a refinement that finds fault with every entry but the first that has it; entries without it, which
 *   have faults of their own, are passed over
 */
export function refuseRepeated(
  key: string,
): (list: readonly unknown[], context: z.RefinementCtx) => void {
  return (list, context) => {
    const values = list.map((entry) => textAt(entry, key));
    for (const [index, value] of values.entries())
      if (value !== undefined && values.indexOf(value) < index)
        context.addIssue({
          code: "custom",
          path: [index, key],
          message: `"${value}" is there already`,
        });
  };
}

function textAt(entry: unknown, key: string): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const value = (entry as Readonly<Record<string, unknown>>)[key];
  return typeof value === "string" ? value : undefined;
}
