import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Logger } from "./log.js";
import { repeating } from "./repeating.js";
import type { Component } from "./run-until-signal.js";

const LOOK_EVERY_MILLISECONDS = 10_000;

/** Variables of files whose changes count at once in every service. */
export const FOLLOWED_BY_ALL: readonly string[] = [
  "DB_PASSWORD_FILE",
  "OUTBOUND_CA_FILE",
  "SIGNING_KEY_FILE",
  "SIGNING_CERTIFICATE_FILE",
  "TLS_CERTIFICATE_FILE",
  "TLS_KEY_FILE",
];

/**
 * @param env - environment variables
 * @param followed - those that name files whose changes count at once
 * @returns the variables whose files are read at the start and never again, with these files
 */
export function filesReadOnce(
  env: NodeJS.ProcessEnv,
  followed: readonly string[],
): ReadonlyMap<string, string> {
  const named = Object.entries(env).flatMap(([name, path]) =>
    name.endsWith("_FILE") && path !== undefined && path.trim() !== ""
      ? [[name, path.trim()] as const]
      : [],
  );
  return new Map(named.filter(([name]) => !followed.includes(name)));
}

/**
 * Says so when a file has changed that was read at the start and counts no more until the next one.
 *
 * @param files - by variable
 * @param log - where it is told, once for each content
 * @param everyMilliseconds - how often is looked
 * @returns a component
 */
export function changedFiles(
  files: ReadonlyMap<string, string>,
  log: Pick<Logger, "warn">,
  everyMilliseconds = LOOK_EVERY_MILLISECONDS,
): Component {
  const seen = new Map([...files].map(([name, path]) => [name, printNow(path)]));
  return repeating("changed-files", everyMilliseconds, async () => {
    for (const [name, path] of files) {
      const print = await readFile(path).then(hash, () => null);
      // What cannot be read for a moment, while it is replaced, has not changed yet.
      if (print === null || print === seen.get(name)) continue;
      seen.set(name, print);
      log.warn({
        event: "file.changed",
        variable: name,
        path,
        message: `${path} (${name}) has changed; it is read at start alone: restart to use it`,
      });
    }
    return everyMilliseconds;
  });
}

function printNow(path: string): string | null {
  try {
    return hash(readFileSync(path));
  } catch {
    return null;
  }
}

function hash(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
