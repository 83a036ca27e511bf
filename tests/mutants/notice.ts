import { join } from "node:path";
import type { NumberedGuard } from "./instrument.js";
import { keptLines } from "./kept-lines.js";
import type { Reach } from "./reach.js";
import { nearestFirst, type History } from "./nearest.js";
import { groupsOf, halvesOf, type Group } from "./groups.js";
import { runJobs, type Job, type JobEnd, type Patience } from "./run-jobs.js";
import type { Scratch } from "./scratch.js";

/** What became of a guard that was taken out. */
export type Outcome =
  | { readonly is: "noticed"; readonly test: string; readonly title: string }
  | { readonly is: "survived"; readonly tests: number }
  /** Written after the last run. */
  | { readonly is: "new" }
  /** A test waits in vain without it: it fails by its time limit alone. */
  | { readonly is: "waited for"; readonly test: string }
  /** A test file hung or could not be loaded, which tells nothing, and no other one noticed. */
  | { readonly is: "not shown"; readonly why: string };

/** What one test file said of one guard. */
export interface Line {
  readonly id: string;
  readonly test: string;
  /** Of the test file. */
  readonly hash: string;
  readonly said: "noticed" | "passed" | "hung" | "broken" | "slow";
  readonly title: string;
}

/** How long things may take, how many test files are asked about one guard, and which noticed others of its module. */
export interface Bounds {
  /** How many guards may be out at once: see {@link groupsOf}. */
  readonly together: number;
  readonly patience: Patience;
  readonly most: number;
  readonly history: History;
}

/**
 * Takes each guard out and runs the test files that come by it, the nearest first, until one fails.
 *
 * @param scratch - the copy of the repository
 * @param guards - the guards
 * @param reaches - test files and what they come by
 * @param bounds - in time, and in test files
 * @param say - told of each guard as soon as something is known
 * @returns the guards that nobody noticed
 */
export async function noticeGuards(
  scratch: Scratch,
  guards: readonly NumberedGuard[],
  reaches: readonly Reach[],
  { patience, most, history, together }: Bounds,
  say: (id: string, outcome: Outcome) => void,
): Promise<NumberedGuard[]> {
  const kept = keptLines<Line>(join(scratch.root, "..", "results.ndjson"));
  const lines = kept.all();
  const rest = new Map(
    guards.map((guard) => [guard.id, nearestFirst(guard, reaches, history).slice(0, most)]),
  );
  const tell = (guard: NumberedGuard) => {
    const own = lines.filter((line) => line.id === guard.id && isCurrent(line, reaches));
    const outcome = outcomeOf(own);
    say(guard.id, outcome);
    const asked = new Set(own.map(({ test }) => test));
    const next = (rest.get(guard.id) ?? []).filter(({ test }) => !asked.has(test));
    rest.set(guard.id, outcome.is === "noticed" ? [] : next);
    return outcome.is !== "noticed";
  };
  let open = guards.filter(tell);
  let halves: Group<NumberedGuard>[] = [];
  for (;;) {
    const isHalf = new Set(halves.flatMap(({ guards: own }) => own.map(({ id }) => id)));
    const others = open.filter(({ id }) => !isHalf.has(id));
    const groups = [...halves, ...groupsOf(others, ({ id }) => rest.get(id) ?? [], together)];
    halves = [];
    if (groups.length === 0) return open;
    const jobs = groups.map((group, index) => jobOf(group, index));
    console.log(`${open.length} guards are not noticed yet, ${jobs.length} test files to run`);
    await runJobs(scratch, jobs, patience, (job, end) => {
      const asked = jobs.find(({ name }) => name === job.name);
      if (asked === undefined) return;
      const { group } = asked;
      const said = saidBy(end);
      if (said.said !== "passed" && group.guards.length > 1) {
        halves.push(...halvesOf(group));
        return;
      }
      const { test, hash } = group.reach;
      for (const { id } of group.guards) {
        const line = { id, test, hash, ...said };
        lines.push(line);
        kept.add(line);
      }
    });
    open = open.filter(tell);
  }
}

function jobOf(
  group: Group<NumberedGuard>,
  index: number,
): Job & { readonly group: Group<NumberedGuard> } {
  const { guards, reach } = group;
  const own = guards.map(({ id }) => reach.guards[id] ?? null);
  const wanted = own.includes(null) ? null : own.flatMap((titles) => titles ?? []);
  const told = { wanted, unwanted: reach.failing ?? [], stopsEarly: true };
  const order = `out ${guards.map(({ number }) => number).join(",")}`;
  return { name: `guards-${index}`, test: reach.test, order, told, group };
}

/** What a test noticed stays noticed; what one passed by says nothing of another text of it. */
function isCurrent({ said, test, hash }: Line, reaches: readonly Reach[]): boolean {
  return said === "noticed" || reaches.some((reach) => reach.test === test && reach.hash === hash);
}

/**
 * @param lines - what test files said of one guard
 * @returns what became of it when it was taken out
 */
export function outcomeOf(lines: readonly Line[]): Outcome {
  const noticed = lines.find(({ said }) => said === "noticed");
  if (noticed !== undefined) return { is: "noticed", test: noticed.test, title: noticed.title };
  const slow = lines.find(({ said }) => said === "slow");
  if (slow !== undefined) return { is: "waited for", test: slow.test };
  const odd = lines.find(({ said }) => said !== "passed");
  if (odd !== undefined) return { is: "not shown", why: `${odd.said} in ${odd.test}` };
  return { is: "survived", tests: lines.length };
}

const SLOW = /exceeded timeout/i;
/** Tests that measure: a busy machine fails them as well. */
const MEASURES = /\b(?:at most \d+ ms|bounded time)\b/;

/** A test that is only slow without a guard says nothing. */
function saidBy(end: JobEnd): Pick<Line, "said" | "title"> {
  if (end === "hung") return { said: "hung", title: "" };
  const failure = end.failures.find(
    ({ message, title }) => !SLOW.test(message) && !MEASURES.test(title),
  );
  if (failure !== undefined) return { said: "noticed", title: failure.title };
  if (end.failures.length > 0) return { said: "slow", title: "" };
  return { said: end.broken === null ? "passed" : "broken", title: end.broken ?? "" };
}
