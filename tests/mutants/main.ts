import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { sharePostgres } from "#tests/support/postgres.js";
import { findGuards } from "./find-guards.js";
import type { NumberedGuard } from "./instrument.js";
import { judgementOf } from "./judged.js";
import { noticeGuards, type Outcome } from "./notice.js";
import { keptOutcomes, NOTICED_FILE, noticedList, noticedIds } from "./noticed.js";
import { findReach } from "./reach.js";
import { reportOf } from "./report.js";
import { makeScratch } from "./scratch.js";
import { guardedModules, nearTests } from "./targets.js";

const UNIT = { test: 10_000, file: 60_000 };
const WHOLE = { test: 20_000, file: 120_000 };

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    folder: { type: "string", default: join(tmpdir(), "wharfinger-one-guard-out") },
    fresh: { type: "boolean", default: false },
    "unit-only": { type: "boolean", default: false },
    tests: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    "list-new": { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});

const modules = guardedModules();
const guards: NumberedGuard[] = modules
  .flatMap(({ path, text }) => findGuards(path, text))
  .map((guard, number) => ({ ...guard, number }));
const { only, folder } = values;
const wanted = guards.filter(
  ({ id, file, line }) => only === undefined || `${file}:${line} ${id}`.includes(only),
);

if (values.list) list(wanted);
else if (values["list-new"]) list(wanted.filter(isNew(noticedIds(REPOSITORY_ROOT))));
else if (values.report) tell(keptOutcomes(folder, guards));
else await run();

function list(some: readonly NumberedGuard[]): void {
  for (const { file, line, removal, text } of some)
    console.log(`${file}:${line}\t${removal.to}\t${text}`);
}

function isNew(noticed: ReadonlySet<string>): (guard: NumberedGuard) => boolean {
  return (guard) => !noticed.has(guard.id) && judgementOf(guard) === null;
}

async function run(): Promise<void> {
  if (values.fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const scratch = makeScratch(folder, guards);
  const near = nearTests(modules);
  const isAsked = (test: string) => new RegExp(values.tests).test(test);
  const tests = { unit: near.unit.filter(isAsked), whole: near.whole.filter(isAsked) };
  const outcomes = new Map<string, Outcome>();
  const say = (id: string, outcome: Outcome) => outcomes.set(id, outcome);
  const unit = await findReach(scratch, tests.unit, guards, UNIT);
  console.log(`${wanted.length} guards, ${unit.length} unit tests`);
  const open = await noticeGuards(scratch, wanted, unit, { patience: UNIT, most: 20 }, say);
  const left = open.filter((guard) => judgementOf(guard) === null);
  console.log(`${left.length} guards left after the unit tests`);
  if (!values["unit-only"] && left.length > 0) {
    const stopSharing = await sharePostgres();
    try {
      const whole = await findReach(scratch, tests.whole, guards, WHOLE);
      await noticeGuards(scratch, left, whole, { patience: WHOLE, most: 20 }, say);
    } finally {
      await stopSharing();
    }
  }
  tell(outcomes);
}

/** The report is of all guards: some of them alone are told on the screen. */
function tell(outcomes: ReadonlyMap<string, Outcome>): void {
  const report = reportOf(guards, outcomes);
  console.log(only === undefined ? report.summary : report.text);
  if (only !== undefined || values.tests !== "") return;
  writeFileSync(join(REPOSITORY_ROOT, "tests/mutants/report.md"), report.text);
  writeFileSync(join(REPOSITORY_ROOT, NOTICED_FILE), noticedList(guards, outcomes));
}
