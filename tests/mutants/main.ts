import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { sourceFiles, type SourceFile } from "#tests/support/source-tree.js";
import { askTests } from "./ask-tests.js";
import { changedSince } from "./changed-lines.js";
import { findGuards } from "./find-guards.js";
import { findMutations } from "./find-mutations.js";
import { insteadOf, type Guard } from "./guard.js";
import type { NumberedGuard } from "./instrument.js";
import { judgementOf } from "./judged.js";
import { knownReasons, lineOf } from "./known.js";
import { historyOf } from "./nearest.js";
import type { Outcome } from "./notice.js";
import { keptOutcomes, NOTICED_FILE, noticedBefore, noticedList } from "./noticed.js";
import { reportOf } from "./report.js";
import { sample } from "./sample.js";
import { scoresOf } from "./scores.js";
import { guardedModules, nearestTests, nearTests, type Tests } from "./targets.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    folder: { type: "string", default: join(tmpdir(), "wharfinger-one-guard-out") },
    fresh: { type: "boolean", default: false },
    new: { type: "boolean", default: false },
    random: { type: "string" },
    seed: { type: "string", default: "1" },
    changed: { type: "boolean", default: false },
    base: { type: "string", default: "main" },
    "unit-only": { type: "boolean", default: false },
    tests: { type: "string", default: "" },
    together: { type: "string", default: "1" },
    list: { type: "boolean", default: false },
    "list-new": { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});
const { only, folder } = values;
const before = noticedBefore(REPOSITORY_ROOT);
const common = {
  folder,
  isFresh: values.fresh,
  together: Number(values.together),
  history: historyOf(before),
};
/** Of random places on changed lines: those of a usual branch, in minutes. */
const MOST_CHANGED = 60;

if (values.changed) await askAboutChange();
else if (values.random !== undefined) await askAboutRandom(Number(values.random));
else await askAboutGuards();

async function askAboutGuards(): Promise<void> {
  const modules = guardedModules();
  const guards = numbered(modules.flatMap(({ path, text }) => findGuards(path, text)));
  const isNew = (guard: Guard) => !before.has(guard.id) && judgementOf(guard) === null;
  const areNew = values.new || values["list-new"];
  const wanted = guards.filter((guard) => isAskedAbout(guard) && (!areNew || isNew(guard)));
  if (values.list || values["list-new"]) {
    list(wanted);
    return;
  }
  if (values.report) {
    tellAll(guards, keptOutcomes(folder, guards, before));
    return;
  }
  const isForWhole = (guard: Guard) => judgementOf(guard) === null;
  const tests = askedOf(nearTests(withSome(wanted, modules)));
  const outcomes = await askTests(guards, wanted, { ...common, tests, most: 20, isForWhole });
  const isWhole = only === "" && values.tests === "" && !values.new && !values["unit-only"];
  if (isWhole) tellAll(guards, outcomes);
  else console.log(reportOf(guards, outcomes).text);
}

/** The report is of all guards: some of them alone are told on the screen. */
function tellAll(guards: readonly Guard[], outcomes: ReadonlyMap<string, Outcome>): void {
  const report = reportOf(guards, outcomes);
  console.log(report.summary);
  writeFileSync(join(REPOSITORY_ROOT, "tests/mutants/report.md"), report.text);
  writeFileSync(join(REPOSITORY_ROOT, NOTICED_FILE), noticedList(guards, outcomes));
}

async function askAboutRandom(number: number): Promise<void> {
  const modules = guardedModules();
  const places = modules.flatMap(({ path, text }) => findMutations(path, text));
  const chosen = numbered(sample(places.filter(isAskedAbout), number, values.seed));
  if (values.list) {
    list(chosen);
    return;
  }
  await askAboutPlaces(chosen, askedOf(nearTests(withSome(chosen, modules))), 20);
}

/** Both kinds, on the lines that a branch changes, and the nearest tests alone: the answer is there in minutes. */
async function askAboutChange(): Promise<void> {
  const changed = changedSince(REPOSITORY_ROOT, values.base);
  const modules = sourceFiles().filter(({ path }) => changed.has(path));
  const isChanged = ({ file, line }: Guard) => changed.get(file)?.has(line) === true;
  const guards = modules.flatMap(({ path, text }) => findGuards(path, text)).filter(isChanged);
  const ids = new Set(guards.map(({ id }) => id));
  const others = modules
    .flatMap(({ path, text }) => findMutations(path, text))
    .filter((place) => isChanged(place) && !ids.has(place.id));
  const places = [...guards, ...sample(others, MOST_CHANGED, values.seed)];
  const chosen = numbered(places.filter(isAskedAbout));
  if (values.list) list(chosen);
  else await askAboutPlaces(chosen, nearestTests(modules, askedOf(nearTests(modules))), 8);
}

async function askAboutPlaces(
  chosen: readonly NumberedGuard[],
  tests: Tests,
  most: number,
): Promise<void> {
  const reasons = knownReasons(REPOSITORY_ROOT);
  // A judgement says what a guard's absence does, and nothing of the same text that is written in another way.
  const isForWhole = (place: Guard) => !reasons.has(lineOf(place));
  const outcomes = await askTests(chosen, chosen, { ...common, tests, most, isForWhole });
  console.log(scoresOf(chosen, outcomes, reasons));
}

function withSome(places: readonly Guard[], modules: readonly SourceFile[]): SourceFile[] {
  const files = new Set(places.map(({ file }) => file));
  return modules.filter(({ path }) => files.has(path));
}

function numbered(guards: readonly Guard[]): NumberedGuard[] {
  return guards.map((guard, number) => ({ ...guard, number }));
}

function isAskedAbout({ id, file, line }: Guard): boolean {
  return `${file}:${line} ${id}`.includes(only);
}

function askedOf({ unit, whole }: Tests): Tests {
  const isAsked = (test: string) => new RegExp(values.tests).test(test);
  return { unit: unit.filter(isAsked), whole: values["unit-only"] ? [] : whole.filter(isAsked) };
}

function list(some: readonly Guard[]): void {
  for (const { file, line, removal, text } of some)
    console.log(`${file}:${line}\t${insteadOf(removal)}\t${text}`);
}
