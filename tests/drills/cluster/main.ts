import { parseArgs } from "node:util";
import { LocalStackError } from "#local/errors.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { startCluster } from "./cluster.js";
import type { ClusterSettings } from "./configurations.js";
import { runDrill, type DrillSummary } from "./drill.js";
import { FAULT_NAMES, type FaultName } from "./faults.js";
import { folderInside, runInOwnNamespaces, whyNoNamespaces } from "./own-namespaces.js";
import { findClusterPrograms } from "./programs.js";
import { tableOf } from "./report.js";

const MILLISECONDS_PER_MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    switchover: { type: "string" },
    kill: { type: "string" },
    lost: { type: "string" },
    behind: { type: "string" },
    frozen: { type: "string" },
    full: { type: "string" },
    /** So often each of those that are not named. */
    each: { type: "string" },
    pushers: { type: "string", default: "16" },
    pullers: { type: "string", default: "16" },
    asynchronous: { type: "boolean", default: false },
    minutes: { type: "string", default: "60" },
    /** Seconds after which a leader that is not heard of is none any more: Patroni's own are 30. */
    ttl: { type: "string", default: "10" },
    /** Leaves data and logs where they are. */
    keep: { type: "boolean", default: false },
  },
});

const ROUNDS: Readonly<Record<FaultName, number>> = {
  switchover: 10,
  kill: 10,
  lost: 5,
  behind: 2,
  frozen: 5,
  full: 2,
};
/** The pool's ten, the subscription's, and one for each piece of work that is done by one at a time. */
const MOST_CONNECTIONS = 16;
const MOST_LINES = 20;
const PUSHES_WITHIN_MILLISECONDS = 15_000;

async function main(): Promise<boolean> {
  const say = (line: string) => {
    console.log(line);
  };
  const inside = folderInside();
  const programs = await findClusterPrograms(say);
  if (inside === null) return runApart(say);
  const settings: ClusterSettings = {
    replication: values.asynchronous ? "asynchronous" : "synchronous",
    ttl: Number(values.ttl),
  };
  const cluster = await startCluster(programs, { folder: inside, settings });
  say(`three nodes, ${settings.replication} replication, ttl ${settings.ttl} s`);
  const summary = await runDrill(cluster, {
    faults: FAULT_NAMES.flatMap((name) =>
      Array<FaultName>(Number(values[name] ?? values.each ?? ROUNDS[name])).fill(name),
    ),
    pushers: Number(values.pushers),
    pullers: Number(values.pullers),
    until: performance.now() + Number(values.minutes) * MILLISECONDS_PER_MINUTE,
    say,
  });
  const isSynchronous = settings.replication === "synchronous";
  const wrong = isSynchronous ? wrongIn(summary) : wrongWhenForgetful(summary);
  for (const line of tableOf(summary.rounds)) say(line);
  for (const [failure, count] of [...summary.failures].slice(0, MOST_LINES))
    say(`${count} pulls failed: ${failure}`);
  say(
    `acknowledged ${summary.acknowledged}, lost ${summary.lost.length}, flipped ${summary.flipped.length}, ` +
      `stuck ${summary.stuck.length}, pulls failed ${summary.failedPulls}`,
  );
  say(
    `forgotten by the ledger: tags ${summary.forgotten.tags.length}, ` +
      `authors ${summary.forgotten.authors.length}; tags that verify misses ${summary.verified.unknown}`,
  );
  for (const line of wrong.slice(0, MOST_LINES)) say(`WRONG ${line}`);
  if (wrong.length > MOST_LINES) say(`WRONG and ${wrong.length - MOST_LINES} more`);
  return wrong.length === 0;
}

async function runApart(say: (line: string) => void): Promise<boolean> {
  const whyNot = await whyNoNamespaces();
  if (whyNot !== null) throw new LocalStackError(whyNot);
  const folder = await temporaryFolder();
  try {
    return (await runInOwnNamespaces(folder.path)) === 0;
  } finally {
    if (values.keep) say(`data and logs are in ${folder.path}`);
    else await folder.remove();
  }
}

/** What is committed before a standby has it can be lost; whoever looks must find out. */
function wrongWhenForgetful({ forgotten, verified, stuck }: DrillSummary): string[] {
  const { unknown, wrong } = verified;
  const found =
    unknown < forgotten.tags.length
      ? [`verify found ${unknown} of ${forgotten.tags.length} tags that the ledger forgot`]
      : [];
  return [...found, ...wrong, ...stuck];
}

/** @returns everything that is not as it has to be */
function wrongIn(summary: DrillSummary): string[] {
  const late = summary.rounds.flatMap(({ fault, toPushes, toLastUnanswered }) =>
    Math.max(toPushes, toLastUnanswered) > PUSHES_WITHIN_MILLISECONDS
      ? [`${fault}: pushes did not work again within ${PUSHES_WITHIN_MILLISECONDS} ms`]
      : [],
  );
  const failed = summary.failedPulls === 0 ? [] : [`${summary.failedPulls} pulls failed`];
  const many = summary.rounds.flatMap(({ fault, connections }) =>
    connections > MOST_CONNECTIONS ? [`${fault}: a gateway had ${connections} connections`] : [],
  );
  const { unknown, wrong } = summary.verified;
  const verified = unknown === 0 ? wrong : [...wrong, `verify: ${unknown} tags are unknown`];
  return [
    ...late,
    ...many,
    ...failed,
    ...verified,
    ...summary.lost,
    ...summary.flipped,
    ...summary.stuck,
  ];
}

// What the cluster is made of would keep this process: it ends with it.
process.exit((await main()) ? 0 : 1);
