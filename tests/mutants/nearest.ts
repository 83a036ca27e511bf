import type { Guard } from "./guard.js";
import type { Reach } from "./reach.js";
import { wordsOf } from "./targets.js";

/** How many guards of a module each test file noticed before. */
export type History = (module: string) => ReadonlyMap<string, number>;

/**
 * @param noticed - guards by id, each with the test file that noticed it
 * @returns that, by module: an id begins with its module
 */
export function historyOf(noticed: ReadonlyMap<string, string>): History {
  const modules = new Map<string, Map<string, number>>();
  for (const [id, test] of noticed) {
    const module = id.slice(0, id.indexOf(" "));
    const tests = modules.get(module) ?? new Map<string, number>();
    tests.set(test, (tests.get(test) ?? 0) + 1);
    modules.set(module, tests);
  }
  return (module) => modules.get(module) ?? new Map<string, number>();
}

/**
 * @param guard - a guard
 * @param reaches - test files and what they come by
 * @param history - who noticed others
 * @returns the test files that come by it: those that noticed most of its module in front, then those that are named alike, then
 *   those that come by the fewest guards, of which the quickest
 */
export function nearestFirst(
  { id, file }: Pick<Guard, "id" | "file">,
  reaches: readonly Reach[],
  history: History,
): Reach[] {
  const words = new Set(wordsOf(file));
  const before = history(file);
  const noticed = ({ test }: Reach) => before.get(test) ?? 0;
  const alike = ({ test }: Reach) => wordsOf(test).filter((word) => words.has(word)).length;
  const cost = ({ guards, milliseconds }: Reach) =>
    Object.keys(guards).length * (500 + milliseconds);
  return reaches
    .filter(({ passed, guards }) => passed && id in guards)
    .sort((a, b) => noticed(b) - noticed(a) || alike(b) - alike(a) || cost(a) - cost(b));
}
