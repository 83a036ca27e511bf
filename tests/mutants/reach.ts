import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NumberedGuard } from "./instrument.js";
import { keptLines } from "./kept-lines.js";
import { runJobs, type Patience } from "./run-jobs.js";
import type { Scratch } from "./scratch.js";

/** What a test file comes by, with every guard in its place. */
export interface Reach {
  readonly test: string;
  /** Of the test file's text: what is known of another text does not count. */
  readonly hash: string;
  /** Of the guards that it could come by: with others, it is found out again. */
  readonly among: string;
  readonly milliseconds: number;
  /** Whether it could be run. */
  readonly passed: boolean;
  /** Tests that fail without any guard out: they notice nothing that can be believed. */
  readonly failing?: readonly string[];
  /** Guards by id, each with the tests that come by it; `null`: what goes before the tests does. */
  readonly guards: Readonly<Record<string, readonly string[] | null>>;
}

const EVERY_TEST = { wanted: null, unwanted: [], stopsEarly: false };

/**
 * @param scratch - the copy of the repository
 * @param tests - test files
 * @param guards - all guards
 * @param patience - bounds in time
 * @returns what each test file reaches; what is known from before is not found out again
 */
export async function findReach(
  scratch: Scratch,
  tests: readonly string[],
  guards: readonly NumberedGuard[],
  patience: Patience,
): Promise<Reach[]> {
  const kept = keptLines<Reach>(join(scratch.root, "..", "reach.ndjson"));
  const among = shortHash(guards.map(({ id }) => id).join("\n"));
  const known = new Map(
    kept
      .all()
      .filter((reach) => reach.among === among)
      .map((reach) => [`${reach.test} ${reach.hash}`, reach]),
  );
  const keyOf = (test: string) => `${test} ${hashOf(scratch, test)}`;
  const idOf = new Map(guards.map(({ number, id }) => [number, id]));
  const notes = (name: string) => join(scratch.root, "..", `notes-${name}`);
  const jobs = tests
    .filter((test) => !known.has(keyOf(test)))
    .map((test, index) => ({ name: `reach-${index}`, test }))
    .map(({ name, test }) => ({ name, test, order: `note ${notes(name)}`, told: EVERY_TEST }));
  for (const { name } of jobs) rmSync(notes(name), { force: true });
  await runJobs(scratch, jobs, patience, ({ name, test }, end) => {
    const noted = readNotes(notes(name), idOf);
    rmSync(notes(name), { force: true });
    const reach: Reach = {
      test,
      hash: hashOf(scratch, test),
      among,
      milliseconds: end === "hung" ? patience.file : end.milliseconds,
      passed: end !== "hung" && end.broken === null,
      failing: end === "hung" ? [] : end.failures.map(({ title }) => title),
      guards: noted,
    };
    if (end === "hung" || end.broken !== null || end.failures.length > 0)
      console.log(`not counted: ${test}: ${end === "hung" ? "hung" : JSON.stringify(end)}`);
    known.set(keyOf(test), reach);
    kept.add(reach);
  });
  return tests.flatMap((test) => known.get(keyOf(test)) ?? []);
}

function readNotes(
  path: string,
  idOf: ReadonlyMap<number, string>,
): Record<string, string[] | null> {
  const noted: Record<string, string[] | null> = {};
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  for (const line of lines) {
    const [number, test] = JSON.parse(line) as [number, string];
    const id = idOf.get(number) ?? "";
    const tests = noted[id];
    noted[id] = test === "" || tests === null ? null : [...new Set([...(tests ?? []), test])];
  }
  return noted;
}

function hashOf({ root }: Scratch, test: string): string {
  return shortHash(readFileSync(join(root, test)));
}

function shortHash(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
