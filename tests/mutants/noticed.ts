import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Guard } from "./guard.js";
import { keptLines } from "./kept-lines.js";
import { outcomeOf, type Line, type Outcome } from "./notice.js";

/** Guards that a test noticed, a line each: by it everybody knows which are new. */
export const NOTICED_FILE = "tests/mutants/noticed.txt";

/**
 * @param folder - where earlier runs kept what they found
 * @param guards - all guards
 * @param before - who noticed them in runs on other machines: see {@link noticedBefore}
 * @returns what is known of each, without another run
 */
export function keptOutcomes(
  folder: string,
  guards: readonly Guard[],
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, Outcome> {
  const lines = new Map<string, Line[]>();
  for (const line of keptLines<Line>(join(folder, "results.ndjson")).all())
    lines.set(line.id, [...(lines.get(line.id) ?? []), line]);
  return new Map(
    guards.map(({ id }): [string, Outcome] => {
      const own = lines.get(id);
      const outcome: Outcome = own === undefined ? { is: "new" } : outcomeOf(own);
      const test = before.get(id);
      if (outcome.is === "noticed" || test === undefined) return [id, outcome];
      return [id, { is: "noticed", test, title: "" }];
    }),
  );
}

/**
 * @param guards - all guards
 * @param outcomes - what became of them, by id
 * @returns text of {@link NOTICED_FILE}
 */
export function noticedList(
  guards: readonly Guard[],
  outcomes: ReadonlyMap<string, Outcome>,
): string {
  const lines = guards.flatMap(({ id }) => {
    const outcome = outcomes.get(id);
    return outcome?.is === "noticed" ? [`${id}\t${outcome.test}\n`] : [];
  });
  return lines.join("");
}

/**
 * @param root - of the repository
 * @returns guards that a test noticed, by id, with the test file; none whose test file is gone
 */
export function noticedBefore(root: string): ReadonlyMap<string, string> {
  const path = join(root, NOTICED_FILE);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const noticed = lines.map((line): [string, string] => {
    const [id = "", test = ""] = line.split("\t");
    return [id, test];
  });
  return new Map(noticed.filter(([id, test]) => id !== "" && existsSync(join(root, test))));
}
