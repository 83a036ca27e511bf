import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pause, waitUntil } from "#local/processes/wait.js";
import { untilWhole, type Cluster } from "./cluster.js";
import type { Node } from "./patroni.js";

/** What is done to the node that leads. */
export interface Fault {
  /** In words, for the table. */
  readonly words: string;
  strike(leader: Node, others: readonly Node[]): Promise<unknown>;
  /** Puts right what was done; the node is one of the cluster again by and by. */
  mend(leader: Node): Promise<unknown>;
  /** Whether it leads on when that is put right, if no other node leads by then. */
  readonly isMendedAnyhow: boolean;
}

const BEHIND_MS = 1_000;

/** Every fault by the name of the option that says how often. */
export const FAULTS = {
  switchover: {
    words: "switchover",
    strike: (leader) => leader.handOver(),
    mend: () => Promise.resolve(),
    isMendedAnyhow: false,
  },
  kill: {
    words: "leader killed (-9)",
    strike: (leader) => leader.host.kill(),
    mend: (leader) => leader.start(),
    isMendedAnyhow: false,
  },
  lost: {
    words: "leader's host lost",
    strike: (leader) => leader.host.lose(),
    mend: (leader) => leader.host.find(),
    isMendedAnyhow: false,
  },
  behind: {
    words: "standbys cut off for 1 s, then leader killed",
    strike: async (leader, others) => {
      for (const { host } of others) await host.lose();
      await pause(BEHIND_MS);
      await leader.host.kill();
      for (const { host } of others) await host.find();
    },
    mend: (leader) => leader.start(),
    isMendedAnyhow: false,
  },
  frozen: {
    words: "leader stopped (STOP)",
    strike: (leader) => leader.host.freeze(),
    mend: (leader) => leader.host.thaw(),
    isMendedAnyhow: false,
  },
  full: {
    words: "leader's disk full",
    strike: (leader) => fill(leader.disk),
    mend: (leader) => rm(fillerOf(leader.disk), { force: true }),
    isMendedAnyhow: true,
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** How the cluster came through a fault; times as of `performance.now()`. */
export interface Course {
  readonly struck: number;
  readonly promoted: number;
  readonly whole: number;
  readonly remarks: string[];
}

const LEADER_WITHIN_MS = 60_000;
const PROMOTED_WITHIN_TTLS = 6;
/** A full disk is put right by somebody after a while, whether another node leads by then or not. */
const FULL_FOR_MS = 30_000;
/** So long it is lost after another one leads: clients have to do without it. */
const AWAY_MS = 10_000;
const FOLLOWS_WITHIN_MS = 40_000;
const WHOLE_WITHIN_MS = 60_000;

/**
 * @param cluster - whole
 * @param fault - what happens to its leader
 * @param goesOn - waits until clients go on after the promotion, or gives up
 * @returns how it came through, when it is whole again
 * @throws Error when it does not become whole, or no node leads in the end
 */
export async function runFault(
  cluster: Cluster,
  fault: Fault,
  goesOn: (promoted: number) => Promise<void>,
): Promise<Course> {
  const leader = await leaderOf(cluster);
  const remarks: string[] = [];
  const struck = performance.now();
  const others = cluster.nodes.filter((node) => node !== leader);
  const striking = fault.strike(leader, others);
  const hasPromoted = async () =>
    (await Promise.all(others.map((node) => node.leads()))).includes(true);
  const withinMs = fault.isMendedAnyhow
    ? FULL_FOR_MS
    : cluster.settings.ttl * PROMOTED_WITHIN_TTLS * 1_000;
  const isPromoted = await waitUntil(hasPromoted, { withinMs, everyMs: 50 });
  let promoted = performance.now();
  await striking;
  if (isPromoted) {
    await goesOn(promoted);
    await pause(AWAY_MS);
  }
  await fault.mend(leader);
  if (!isPromoted) {
    if (!fault.isMendedAnyhow) throw new Error(`${fault.words}: no other node leads`);
    remarks.push(`no other node led within ${FULL_FOR_MS / 1000} s`);
    promoted = performance.now();
    await goesOn(promoted);
  }
  await untilWholeAgain(cluster, remarks);
  return { struck, promoted, whole: performance.now(), remarks };
}

async function leaderOf(cluster: Cluster): Promise<Node> {
  const until = performance.now() + LEADER_WITHIN_MS;
  for (;;) {
    const leader = await cluster.leader();
    if (leader !== null) return leader;
    if (performance.now() > until) throw new Error("the cluster has no leader");
    await pause(100);
  }
}

/** Postgres gives up following a leader that it has been ahead of; then somebody has to have it begin anew. */
async function untilWholeAgain(cluster: Cluster, remarks: string[]): Promise<void> {
  const missing = await untilWhole(cluster, FOLLOWS_WITHIN_MS);
  if (missing.length === 0) return;
  const leader = await cluster.leader();
  for (const node of missing.filter((each) => each !== leader)) {
    remarks.push(`${node.host.name} had to begin anew`);
    await node.reinitialise();
  }
  const lacking = await untilWhole(cluster, WHOLE_WITHIN_MS);
  if (lacking.length > 0)
    throw new Error(`the cluster lacks ${lacking.map(({ host }) => host.name).join(", ")}`);
}

function fillerOf(disk: string): string {
  return join(disk, "filler");
}

/** Leaves not a byte. */
async function fill(disk: string): Promise<void> {
  const file = await open(fillerOf(disk), "w");
  try {
    for (let size = 1 << 20; size >= 1; size = Math.floor(size / 16))
      while (
        await file.write(Buffer.alloc(size)).then(
          ({ bytesWritten }) => bytesWritten === size,
          () => false,
        )
      );
  } finally {
    await file.close();
  }
}
