import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import type { Random } from "../random.js";
import { lookAfter, newVerdict, type Verdict } from "./after.js";
import { Day } from "./day.js";
import type { DayKind } from "./kind.js";
import { Traffic } from "./traffic.js";

/** What came of a day. */
export interface DaySummary {
  readonly name: string;
  readonly seconds: number;
  readonly counts: Day["books"]["counts"];
  /** Tags that were acknowledged. */
  readonly tags: number;
  readonly reads: number;
  readonly verdict: Verdict;
  /** What else must not be. */
  readonly wrong: readonly string[];
  /** What clients were told in place of an answer, the most frequent first. */
  readonly told: readonly (readonly [string, number])[];
}

/**
 * @param kind - what goes wrong
 * @param options - how much of it, and who is told
 * @returns what came of it
 */
export async function runDay(
  kind: DayKind,
  options: {
    readonly isShort: boolean;
    readonly random: Random;
    readonly say: (line: string) => void;
    /** Leaves the data and logs where they are. */
    readonly keep?: boolean;
  },
): Promise<DaySummary> {
  const folder = await temporaryFolder();
  const began = performance.now();
  await mkdir(join(folder.path, "data"));
  const { end, ...stack } = (await kind.prepare?.(folder.path, options.isShort)) ?? {};
  const day = new Day({ folder: folder.path, ...options }, stack);
  const traffic = new Traffic(day);
  let verdict = newVerdict();
  try {
    await day.start();
    await kind.run(day, traffic);
    verdict = await lookAfter(day, traffic);
  } catch (error) {
    day.wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await day.stop();
    await end?.();
    if (options.keep === true) options.say(`data and logs are in ${folder.path}`);
    else await folder.remove();
  }
  const { counts, told } = day.books;
  return {
    name: kind.name,
    seconds: Math.round((performance.now() - began) / 1_000),
    counts,
    tags: day.books.acknowledged().length,
    reads: traffic.reads,
    verdict,
    wrong: day.wrong,
    told: [...told].toSorted(([, one], [, other]) => other - one),
  };
}
