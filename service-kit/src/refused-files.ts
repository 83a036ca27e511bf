import { basename } from "node:path";
import { Gauge, type Registry } from "prom-client";

/** Files that are followed, and whether what they say now counts. */
export interface RefusedFiles {
  /**
   * @param path - of a file that is followed
   * @returns what is to be told of each of its new contents
   */
  follow(path: string): (outcome: "loaded" | "refused") => void;
  /** @returns one sentence for each file whose content does not count */
  warnings(): readonly string[];
}

/**
 * What was taken out of a file that is refused still counts: a user who was removed logs in, a rule that was added does
 * not hold. So somebody has to notice.
 *
 * @param registry - where `followed_file_refused` is shown
 * @returns nothing refused
 */
export function refusedFiles(registry: Registry): RefusedFiles {
  const refused = new Map<string, boolean>();
  new Gauge<"file">({
    name: "followed_file_refused",
    help: "1 while a file that is followed cannot be used, so that what it said before still counts",
    aggregator: "max",
    labelNames: ["file"],
    registers: [registry],
    collect() {
      for (const [path, isRefused] of refused) this.set({ file: path }, isRefused ? 1 : 0);
    },
  });
  return {
    follow: (path) => {
      refused.set(path, false);
      return (outcome) => {
        refused.set(path, outcome === "refused");
      };
    },
    warnings: () =>
      [...refused].flatMap(([path, isRefused]) =>
        isRefused
          ? [`${basename(path)} was changed and is refused: what it said before still counts`]
          : [],
      ),
  };
}
