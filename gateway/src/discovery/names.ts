import type { Pass } from "./pass.js";

/**
 * @param pass - the pass
 * @param text - what the registry lists
 * @param parse - what it should be
 * @returns it, or `null` when it is no such name, which is told
 */
export function asName<Name extends string>(
  pass: Pick<Pass, "tally">,
  text: string,
  parse: (text: string) => Name,
): Name | null {
  try {
    return parse(text);
  } catch {
    pass.tally.problem(
      `the registry lists ${JSON.stringify(text.slice(0, 200))}, which is no name`,
    );
    return null;
  }
}
