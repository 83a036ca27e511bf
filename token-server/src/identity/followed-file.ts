import { readFileSync, statSync } from "node:fs";
import { isWithin } from "#service-kit/is-within.js";
import { ConfigError } from "#service-kit/config.js";

/** A file whose content is wanted as it is now. */
export interface FollowedFile<T> {
  current(): T;
}

/** What to do with a file that others change while the process runs. */
export interface FollowOptions<T> {
  readonly parse: (text: string) => T;
  /** Told about every content that was taken over after the first. */
  readonly onChange: () => void;
  /** Told why a changed file was refused; the last good content stays in use. */
  readonly onRefused: (reason: string) => void;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

const LOOK_AGAIN_MILLISECONDS = 1_000;

/**
 * @param path - the file; it has to be there and good now
 * @param options - how it is read
 * @returns its content, looked at again on use, once a second at most
 * @throws ConfigError when it is no good now
 */
export function followFile<T>(path: string, options: FollowOptions<T>): FollowedFile<T> {
  const { parse, onChange, onRefused, now } = options;
  let seen = fingerprint(path);
  let content = readFirst(path, parse);
  let lookedAt = now();

  const lookAgain = () => {
    const found = fingerprint(path);
    if (found === seen) return;
    // Noted even when the content is refused: one complaint for each change.
    seen = found;
    content = parse(readFileSync(path, "utf8"));
    onChange();
  };
  return {
    current: () => {
      if (isWithin({ since: lookedAt, now: now() }, LOOK_AGAIN_MILLISECONDS)) return content;
      lookedAt = now();
      try {
        lookAgain();
      } catch (error) {
        onRefused(reasonOf(error));
      }
      return content;
    },
  };
}

function readFirst<T>(path: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path}: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Changes whenever the file does, replaced ones of equal size and time included. */
function fingerprint(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return "absent";
  return [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(":");
}
