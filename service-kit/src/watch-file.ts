import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { codeOf } from "./error-code.js";
import { YamlFileError } from "./yaml-file.js";

/** What came of looking at a watched file. */
export type WatchOutcome = "loaded" | "unchanged" | "refused";

/** What a file says now. */
export interface WatchedFile<T> {
  current(): T;
  /**
   * Reads the file now, for example on SIGHUP.
   *
   * @returns what came of it; `refused` leaves what was there before
   */
  reload(): Promise<WatchOutcome>;
  /** Ends the watching. */
  stop(): void;
}

/** What watching a file needs. */
export interface WatchDeps<T> {
  /** Understands the file. @throws YamlFileError, or anything else, when it is broken */
  readonly load: (text: string, sha256: string) => T;
  /** Puts changed content on record before it counts; when that fails, it does not count yet. */
  readonly record?: (content: T) => Promise<void>;
  /** Is told why a changed file was refused. */
  readonly onRefused: (faults: readonly string[]) => void;
  /** Is told of each new content. */
  readonly onOutcome?: (outcome: "loaded" | "refused") => void;
  /** Reads the file; another one in tests. */
  readonly readText?: (path: string) => Promise<string>;
  /** Runs something again and again until the returned function is called; another one in tests. */
  readonly every?: (milliseconds: number, run: () => Promise<void>) => () => void;
}

const LOOK_EVERY_MILLISECONDS = 2_000;
const MOST_FAULTS = 20;

/**
 * Loads a file and follows its changes. The content is read every two seconds, because notifications are
 * unreliable on mounted volumes; a new content counts once it has stayed the same for one interval, so that
 * a file that is half written is never taken over.
 *
 * @param path - the file
 * @param deps - how it is understood, who is told, and in tests the clock
 * @returns its content, renewed on change; a broken file keeps the old one
 * @throws YamlFileError when the file is broken at the start
 */
export async function watchFile<T>(path: string, deps: WatchDeps<T>): Promise<WatchedFile<T>> {
  const { readText = readUtf8, every = repeat } = deps;
  const read = async (): Promise<Reading> => readingOf(path, readText);
  const first = await read();
  if ("fault" in first) throw new YamlFileError([first.fault]);
  const follower = createFollower(first.text, deps);
  const stop = every(LOOK_EVERY_MILLISECONDS, async () => {
    await follower.look(await read());
  });
  return {
    current: follower.current,
    reload: async () => follower.take(await read()),
    stop,
  };
}

type Reading = { readonly text: string } | { readonly fault: string };

function createFollower<T>(first: string, { load, record, onRefused, onOutcome }: WatchDeps<T>) {
  /** Content that was taken or refused last, and the one that was seen last. */
  let settled = fingerprint({ text: first });
  let seen = settled;
  let content = load(first, settled);

  const take = async (reading: Reading): Promise<WatchOutcome> => {
    const print = fingerprint(reading);
    seen = print;
    if (print === settled) return "unchanged";
    const outcome = await attempt(reading, print);
    onOutcome?.(outcome);
    return outcome;
  };
  const attempt = async (reading: Reading, print: string): Promise<"loaded" | "refused"> => {
    try {
      const next = understand(reading, print);
      await record?.(next);
      content = next;
      settled = print;
      return "loaded";
    } catch (error) {
      const faults = error instanceof YamlFileError ? error.faults : [String(error)];
      onRefused(faults.slice(0, MOST_FAULTS));
      return "refused";
    }
  };
  const understand = (reading: Reading, print: string): T => {
    try {
      if ("fault" in reading) throw new YamlFileError([reading.fault]);
      return load(reading.text, print);
    } catch (error) {
      // Broken content is refused once; what could not be put on record is tried again at the next look.
      settled = print;
      throw error;
    }
  };
  const look = async (reading: Reading): Promise<void> => {
    const print = fingerprint(reading);
    if (print === seen) await take(reading);
    seen = print;
  };
  return { current: () => content, take, look };
}

async function readingOf(
  path: string,
  readText: (path: string) => Promise<string>,
): Promise<Reading> {
  try {
    return { text: await readText(path) };
  } catch (error) {
    return { fault: `${path}: cannot be read${codeOf(error)}` };
  }
}

function fingerprint(reading: Reading): string {
  return "fault" in reading ? "absent" : createHash("sha256").update(reading.text).digest("hex");
}

function readUtf8(path: string): Promise<string> {
  return readFile(path, "utf8");
}

/** The next run waits for the one before: a volume that hangs is asked once. */
function repeat(milliseconds: number, run: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const next = () => {
    if (stopped) return;
    timer = setTimeout(() => void run().finally(next), milliseconds);
    timer.unref();
  };
  next();
  return () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
  };
}
