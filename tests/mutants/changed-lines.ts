import { execFileSync } from "node:child_process";

/** Lines of files that differ from another state of the repository, by path. */
export type ChangedLines = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * @param root - of the repository
 * @param base - branch that the change is to go to
 * @returns lines of the work tree that are not as they were when the branch began
 * @throws Error when git knows no such branch
 */
export function changedSince(root: string, base: string): ChangedLines {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  const begun = git("merge-base", base, "HEAD").trim();
  return changedLines(git("diff", "--unified=0", "--no-color", "--no-ext-diff", begun, "--"));
}

/**
 * @param diff - git's, without context
 * @returns the lines that are new in it
 */
export function changedLines(diff: string): ChangedLines {
  const changed = new Map<string, Set<number>>();
  let lines = new Set<number>();
  for (const line of diff.split("\n")) {
    const path = /^\+\+\+ b\/(.+)$/.exec(line)?.[1];
    if (path !== undefined) {
      lines = new Set();
      changed.set(path, lines);
    }
    const [, from, count = "1"] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    for (let nth = 0; from !== undefined && nth < Number(count); nth += 1)
      lines.add(Number(from) + nth);
  }
  return changed;
}
