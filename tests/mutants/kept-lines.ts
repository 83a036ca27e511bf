import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Lines of JSON that outlive the run that wrote them. */
export interface KeptLines<T> {
  all(): T[];
  add(line: T): void;
}

/**
 * @param path - the file; it need not be there yet
 * @returns its lines, to be read and added to
 */
export function keptLines<T>(path: string): KeptLines<T> {
  mkdirSync(dirname(path), { recursive: true });
  return {
    all: () =>
      existsSync(path)
        ? readFileSync(path, "utf8")
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line) as T)
        : [],
    add: (line) => {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    },
  };
}
