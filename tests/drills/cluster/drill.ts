import { checkAcknowledged, nothingAcknowledged } from "#tests/chaos/acknowledged.js";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { pause, waitUntil } from "#local/processes/wait.js";
import type { Cluster } from "./cluster.js";
import { FRONT_PORT, LEADER_PORT, POSTGRES_PORT } from "./configurations.js";
import { countConnections } from "./connections.js";
import { FAULTS, runFault, type FaultName } from "./faults.js";
import { startLoad, type Load } from "./load.js";
import { forgottenBy, verifyRegistry, type Forgotten, type Verified } from "./verify.js";
import { figuresOf, type Round, type RoundFigures } from "./observed.js";

/** What a run is told. */
export interface DrillOptions {
  /** What happens to the leader, one after the other. */
  readonly faults: readonly FaultName[];
  readonly pushers: number;
  readonly pullers: number;
  /** Time, as of `performance.now()`, after which no further round begins. */
  readonly until: number;
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface DrillSummary {
  readonly rounds: readonly RoundFigures[];
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly flipped: readonly string[];
  readonly stuck: readonly string[];
  readonly forgotten: Forgotten;
  readonly verified: Verified;
  /** What pulls failed of, and how many, also while nothing was done to the cluster. */
  readonly failures: ReadonlyMap<string, number>;
  readonly failedPulls: number;
}

const GATEWAYS = 2;
const CALM_MS = 3_000;
const PUSHES_WITHIN_MS = 60_000;

/**
 * Two gateways behind HAProxy, clients at work, and one fault of the cluster's leader after the other.
 *
 * @param cluster - whole, with an empty database
 * @param options - what happens, and how much
 * @returns what came of it
 */
export async function runDrill(cluster: Cluster, options: DrillOptions): Promise<DrillSummary> {
  const fleet = await startGateways(cluster);
  const connections = countConnections(() => processesOf(fleet), [LEADER_PORT, POSTGRES_PORT]);
  try {
    await cluster.openFront(fleet.gateways.map((url) => Number(new URL(url).port)));
    const acknowledged = nothingAcknowledged();
    const front = `http://127.0.0.1:${FRONT_PORT}`;
    const { gateways } = fleet;
    const { pushers, pullers } = options;
    await waitUntil(async () => (await fetch(front)).status < 500, { withinMs: 20_000 });
    const load = startLoad({ front, gateways, acknowledged, pushers, pullers });
    const rounds: RoundFigures[] = [];
    for (const name of options.faults) {
      if (performance.now() > options.until) break;
      await pause(CALM_MS);
      const round = await runRound(cluster, name, { load, most: connections.most });
      const figures = figuresOf(round, load, GATEWAYS);
      rounds.push(figures);
      options.say(`round ${rounds.length} of ${options.faults.length}: ${inWords(figures, round)}`);
    }
    const stuck = [...(await load.stop())];
    if (rounds.length < options.faults.length)
      stuck.push(`only ${rounds.length} of ${options.faults.length} rounds in the time there was`);
    const forgotten = await forgottenBy(fleet, acknowledged.all());
    const verified = await verifyRegistry(fleet);
    await checkAcknowledged(fleet, acknowledged);
    const { lost, flipped } = acknowledged;
    const failures = countOf(load.pulls.flatMap(({ failure }) => failure ?? []));
    const failedPulls = load.pulls.filter(({ failure }) => failure !== null).length;
    const count = acknowledged.all().length;
    return {
      ...{ rounds, acknowledged: count, lost, flipped, stuck },
      ...{ forgotten, verified, failures, failedPulls },
    };
  } finally {
    connections.stop();
    await fleet.stop();
  }
}

/** The first finds the leader by HAProxy, the second one by itself. */
function startGateways({ login, nodes }: Cluster): Promise<Fleet> {
  const env = {
    DB_SUBNAME: `//${login.host}:${login.port}/${login.database}`,
    DB_USER: login.user,
    DB_PASSWORD: login.password,
    // What a database forgot would be adopted meanwhile, and nobody could count it.
    DISCOVERY_SECONDS: "0",
  };
  const hosts = nodes.map(({ host }) => `${host.address}:${POSTGRES_PORT}`).join(",");
  return startFleet(GATEWAYS, env, { env: { DB_SUBNAME: `//${hosts}/${login.database}` } });
}

function processesOf(fleet: Fleet): Promise<number[]> {
  return Promise.all(fleet.gateways.map((_, instance) => fleet.processOf("gateway", instance)));
}

async function runRound(
  cluster: Cluster,
  name: FaultName,
  { load, most }: { load: Load; most: () => number },
): Promise<Round> {
  most();
  const goesOn = async (promoted: number) => {
    const pushes = (gateway: number) =>
      load.pushes.some(
        (push) => push.gateway === gateway && push.end === "acknowledged" && push.ended >= promoted,
      );
    const all = () => Array.from({ length: GATEWAYS }, (_, i) => i).every(pushes);
    await waitUntil(all, { withinMs: PUSHES_WITHIN_MS });
  };
  const course = await runFault(cluster, FAULTS[name], goesOn);
  return { fault: FAULTS[name].words, connections: most(), ...course };
}

function inWords(figures: RoundFigures, { remarks }: Round): string {
  const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
  return [
    figures.fault,
    `promotion after ${seconds(figures.toPromotion)}`,
    `pushes again ${seconds(figures.toPushes)} later`,
    `the last without answer began ${seconds(figures.toLastUnanswered)} later`,
    `whole after ${seconds(figures.toWhole)}`,
    `${figures.acknowledged} pushes acknowledged and ${figures.unanswered} unanswered`,
    `${figures.pulls} pulls, ${figures.failedPulls} failed, slowest ${seconds(figures.slowestPull)}`,
    `${figures.connections} connections`,
    ...remarks,
  ].join(", ");
}

function countOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
