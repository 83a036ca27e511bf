import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Policy } from "#access-policy/compile.js";
import type { Logger } from "#service-kit/log.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import { loadPolicy } from "./load.js";

/** What came of looking at the policy file. */
export type PolicyOutcome = "loaded" | "unchanged" | "refused";

/** The policy that counts now. */
export interface PolicySource {
  current(): Policy;
  /**
   * Reads the file now, for example on SIGHUP.
   *
   * @returns what came of it; `refused` leaves the old policy in force
   */
  reload(): Promise<PolicyOutcome>;
  /** Ends the watching. */
  stop(): void;
}

/** What following a policy file needs. */
export interface WatchDeps {
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Is told of each new content, for a metric. */
  readonly onOutcome?: (outcome: "loaded" | "refused") => void;
  /** Reads the file; another one in tests. */
  readonly readText?: (path: string) => Promise<string>;
  /** Runs something again and again until the returned function is called; another one in tests. */
  readonly every?: (milliseconds: number, run: () => Promise<void>) => () => void;
}

const LOOK_EVERY_MILLISECONDS = 2_000;

/** The built-in policy, where no file is given. */
export const builtInPolicy: PolicySource = {
  current: () => DEFAULT_POLICY,
  reload: () => Promise.resolve("unchanged"),
  stop: () => undefined,
};

/**
 * Loads a policy file and follows its changes. The content is read every two seconds, because
 * notifications are unreliable on mounted volumes; a new content counts once it has stayed the same
 * for one interval, so that a file that is half written is never taken for a policy.
 *
 * @param path - the file
 * @param deps - log, metric, and in tests the clock
 * @returns the policy, renewed on change; a broken file keeps the old one
 * @throws YamlFileError when the file is broken at the start
 */
export async function watchPolicy(path: string, deps: WatchDeps): Promise<PolicySource> {
  const { readText = readUtf8, every = repeat } = deps;
  const read = async (): Promise<Reading> => readingOf(path, readText);
  const first = await read();
  if ("fault" in first) throw new YamlFileError([first.fault]);
  const follower = createFollower(path, first.text, deps);
  const stop = every(LOOK_EVERY_MILLISECONDS, async () => {
    follower.look(await read());
  });
  return {
    current: follower.current,
    reload: async () => follower.take(await read()),
    stop,
  };
}

type Reading = { readonly text: string } | { readonly fault: string };

function createFollower(path: string, first: string, { log, onOutcome }: WatchDeps) {
  let policy = announce(path, first, log);
  /** Content that was taken or refused last, and the one that was seen last. */
  let settled = fingerprint({ text: first });
  let seen = settled;

  const take = (reading: Reading): PolicyOutcome => {
    const print = fingerprint(reading);
    seen = print;
    if (print === settled) return "unchanged";
    settled = print;
    const outcome = attempt(reading);
    onOutcome?.(outcome);
    return outcome;
  };
  const attempt = (reading: Reading): "loaded" | "refused" => {
    try {
      if ("fault" in reading) throw new YamlFileError([reading.fault]);
      policy = announce(path, reading.text, log);
      return "loaded";
    } catch (error) {
      log.error({
        event: "policy.refused",
        faults: error instanceof YamlFileError ? error.faults.slice(0, 20) : [String(error)],
        message: `${path} is broken, the policy before it stays in force`,
      });
      return "refused";
    }
  };
  const look = (reading: Reading): void => {
    const print = fingerprint(reading);
    if (print === seen) take(reading);
    seen = print;
  };
  return { current: () => policy, take, look };
}

function announce(path: string, text: string, log: WatchDeps["log"]): Policy {
  const { policy, warnings } = loadPolicy(path, text);
  for (const message of warnings) log.warn({ event: "policy.doubtful", message });
  const sha256 = fingerprint({ text });
  log.info({ event: "policy.loaded", path, rules: policy.rules.length, sha256 });
  return policy;
}

async function readingOf(
  path: string,
  readText: (path: string) => Promise<string>,
): Promise<Reading> {
  try {
    return { text: await readText(path) };
  } catch {
    return { fault: `${path}: cannot be read` };
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
