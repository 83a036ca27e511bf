import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomFrom } from "../random.js";
import { CLOCKS } from "./clocks.js";
import { COLLECTION, PLAIN_COLLECTION } from "./collections.js";
import { OLD_DATABASE } from "./databases.js";
import { DISKS } from "./disks.js";
import type { DayKind } from "./kind.js";
import { lateRegistry } from "./late.js";
import { runDay, type DaySummary } from "./run-day.js";
import { OLD_STORAGE, WRONG_STORAGE } from "./storages.js";

/** What can go wrong with an installation as a whole, by the name that `--day` has for it. */
export const DAY_KINDS: Readonly<Record<string, DayKind>> = {
  "wrong-storage": WRONG_STORAGE,
  "old-storage": OLD_STORAGE,
  "old-database": OLD_DATABASE,
  clocks: CLOCKS,
  disks: DISKS,
  "late-registry": lateRegistry(),
  collection: COLLECTION,
  "plain-collection": PLAIN_COLLECTION,
};

/** How days are run. */
export interface DaysOptions {
  readonly isShort: boolean;
  readonly seed: number;
  readonly say: (line: string) => void;
  /** Leaves data and logs where they are. */
  readonly keep: boolean;
}

const MOST_TOLD = 8;

/**
 * Runs days one after the other, each on a stack of its own, and says what came of each.
 *
 * @param names - which, as in {@link DAY_KINDS}
 * @param options - how
 * @returns what went wrong
 * @throws Error when there is none of such a name
 */
export async function runDays(names: readonly string[], options: DaysOptions): Promise<string[]> {
  const wrong: string[] = [];
  for (const name of names) {
    const kind = DAY_KINDS[name];
    if (kind === undefined)
      throw new Error(`there is no day ${name}: ${Object.keys(DAY_KINDS).join(", ")}`);
    if (kind.mounts === true && process.env[APART] === undefined)
      wrong.push(...(await runApart(name, options)));
    else {
      const summary = await runDay(kind, { ...options, random: randomFrom(options.seed) });
      reportDay(summary, options.say);
      wrong.push(...wrongIn(summary).map((line) => `${name}: ${line}`));
    }
  }
  return wrong;
}

/** Set in a process that has mounts of its own. */
const APART = "CHAOS_MOUNTS";

/** Runs this program again where what it mounts is gone with it, however it ends. */
async function runApart(name: string, options: DaysOptions): Promise<string[]> {
  if (process.getuid?.() !== 0) {
    options.say(`day ${name}: left out, since root alone can mount file systems of its own`);
    return [];
  }
  const args = [
    ...["--mount", "--propagation", "private", "--", process.execPath, process.argv[1] ?? ""],
    ...["--day", name, "--seed", String(options.seed)],
    ...(options.isShort ? ["--short"] : []),
    ...(options.keep ? ["--keep"] : []),
  ];
  const env = { ...process.env, [APART]: "1" };
  const child = spawn("unshare", args, { stdio: "inherit", env });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 ? [] : [`day ${name} went wrong`];
}

function wrongIn({ verdict, wrong }: DaySummary): string[] {
  const { lost, flipped, stuck, foreign, untrue } = verdict;
  return [...lost, ...flipped, ...stuck, ...foreign, ...untrue, ...wrong];
}

function reportDay(summary: DaySummary, say: (line: string) => void): void {
  const { name, seconds, counts, tags, reads, verdict, told } = summary;
  for (const [words, count] of told.slice(0, MOST_TOLD)) say(`  ${count} times: ${words}`);
  say(
    [
      `day of ${name}: ${seconds} s`,
      `acknowledged ${counts.acknowledged} (${tags} tags)`,
      `refused ${counts.refused}`,
      `told to try again ${counts.unavailable}`,
      `unanswered ${counts.unanswered}`,
      `read meanwhile ${reads}`,
      `lost ${verdict.lost.length}`,
      `flipped ${verdict.flipped.length}`,
      `stuck ${verdict.stuck.length}`,
      `foreign ${verdict.foreign.length}`,
      `untrue ${verdict.untrue.length}`,
      `otherwise wrong ${summary.wrong.length}`,
    ].join(", "),
  );
}
