import { parseArgs } from "node:util";
import { DAY_KINDS, runDays } from "./days/days.js";
import { runEvents, type EventSummary } from "./events.js";
import { startFlakyTopic } from "./flaky-topic.js";
import { KILLS, SILENCES } from "./faults.js";
import { startFleet } from "./fleet.js";
import { runKills, type KillSummary } from "./kills.js";
import { randomFrom } from "./random.js";
import { runRaces, type RaceSummary } from "./races.js";
import { runLedgerSize, runSuites } from "./suites.js";

const GATEWAYS = 3;
const MILLISECONDS_PER_MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    races: { type: "string", default: "100" },
    kills: { type: "string", default: "200" },
    silences: { type: "string", default: "30" },
    events: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "45" },
    /** Less of each bad day; without single faults and without the ledger of a million tags. */
    short: { type: "boolean", default: false },
    /** Nothing but these bad days, or `all` of them. */
    day: { type: "string", multiple: true },
    /** Leaves data and logs of bad days where they are. */
    keep: { type: "boolean", default: false },
  },
});

/** Runs everything, and says how that went. */
async function main(): Promise<boolean> {
  const wrong = values.day === undefined ? await runEverything() : await runBadDays(values.day);
  for (const line of wrong) console.log(`WRONG ${line}`);
  return wrong.length === 0;
}

async function runEverything(): Promise<string[]> {
  const wrong = await runOnOneStack();
  wrong.push(...(await runBadDays(["all"])));
  if (!values.short) wrong.push(...(await runApart()));
  return wrong;
}

/** @returns what went wrong on bad days */
function runBadDays(names: readonly string[]): Promise<string[]> {
  const say = (line: string) => {
    console.log(line);
  };
  const seed = Number(values.seed);
  say(`bad days with --seed ${seed}`);
  const chosen = names.includes("all") ? Object.keys(DAY_KINDS) : names;
  return runDays(chosen, { isShort: values.short, seed, say, keep: values.keep });
}

/** @returns what went wrong in the parts that need no stack of ours */
async function runApart(): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, passed, failed } of await runSuites(console.log)) {
    console.log(`faults: ${name}: ${passed} tests passed, ${failed} failed`);
    if (failed > 0) wrong.push(`${failed} tests of ${name} failed`);
  }
  if (!(await runLedgerSize())) wrong.push("the ledger of a million tags was not measured");
  return wrong;
}

/** @returns what went wrong in events, races, kills and silences */
async function runOnOneStack(): Promise<string[]> {
  const seed = Number(values.seed);
  const until = performance.now() + Number(values.minutes) * MILLISECONDS_PER_MINUTE;
  console.log(`chaos with --seed ${seed}`);
  const random = randomFrom(seed);
  const topic = await startFlakyTopic(random, { ordered: true });
  const fleet = await startFleet(GATEWAYS, topic.env, { haveWays: true });
  try {
    const say = (line: string) => {
      console.log(line);
    };
    const pushes = Number(values.events);
    const events = await runEvents(fleet, topic, { pushes, kills: 2, until, say });
    reportEvents(events);
    const races = await runRaces(fleet, { rounds: Number(values.races), until, say });
    reportRaces(races);
    const options = { until, random, say };
    const rounds = { kills: Number(values.kills), silences: Number(values.silences) };
    const kills = await runKills(fleet, { faults: KILLS, rounds: rounds.kills, ...options });
    reportFaults("kills", kills);
    const silences = await runKills(fleet, {
      ...{ faults: SILENCES, rounds: rounds.silences, name: "s" },
      ...options,
    });
    reportFaults("silences", silences);
    const unannounced = events.missing.map((name) => `${name} was not announced`);
    const overtaking = events.overtaking.map((name) => `${name} overtook an earlier push`);
    return [
      ...unannounced,
      ...overtaking,
      ...races.wrong,
      ...[kills, silences].flatMap(({ lost, flipped, stuck }) => [...lost, ...flipped, ...stuck]),
    ];
  } finally {
    await fleet.stop();
    await topic.stop();
  }
}

function reportRaces({ rounds, acknowledged, refused, slowestMilliseconds }: RaceSummary): void {
  console.log(
    `races: ${rounds} rounds of 64 pushes through ${GATEWAYS} gateways, ` +
      `${acknowledged} acknowledged, ${refused} refused, slowest round ${slowestMilliseconds} ms`,
  );
}

function reportEvents(summary: EventSummary): void {
  console.log(
    [
      `events: ${summary.acknowledged} pushes acknowledged`,
      `${summary.gatewaysKilled} gateways killed`,
      `SNS failed ${summary.failedBefore} times before and ${summary.failedAfter} times after it took a message`,
      `${summary.arrived} messages arrived`,
      `duplicates ${summary.duplicates}`,
      `missing ${summary.missing.length}`,
      `out of order ${summary.overtaking.length}`,
    ].join(", "),
  );
}

function reportFaults(name: string, summary: KillSummary): void {
  const faults = Object.entries(summary.faults).map(([fault, count]) => `${fault} ${count}`);
  console.log(
    [
      `${name}: ${summary.rounds} rounds (${faults.join(", ")})`,
      `acknowledged ${summary.acknowledged}`,
      `refused ${summary.refused}`,
      `unanswered at first ${summary.unanswered}`,
      `read meanwhile ${summary.reads}`,
      `lost ${summary.lost.length}`,
      `flipped ${summary.flipped.length}`,
      `stuck ${summary.stuck.length}`,
    ].join(", "),
  );
}

const isWell = await main();
// What was killed may have left connections that would keep this process, and a processor, for good.
process.exit(isWell ? 0 : 1);
