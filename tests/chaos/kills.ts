import { setTimeout as pause } from "node:timers/promises";
import {
  checkAcknowledged,
  nameOf,
  nothingAcknowledged,
  type Acknowledged,
} from "./acknowledged.js";
import { knownPush, pushImage, readTag, tokenFor, type KnownPush, type PushEnd } from "./client.js";
import { strike, wordsOf, type ChaosFault } from "./faults.js";
import { endLeases, type Fleet } from "./fleet.js";
import type { Random } from "./random.js";

/** What came of faults during pushes. */
export interface KillSummary {
  readonly rounds: number;
  /** How often what went wrong, by its words. */
  readonly faults: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly refused: number;
  /** Pushes that got no answer at first; every one of them was made again. */
  readonly unanswered: number;
  readonly reads: number;
  readonly lost: readonly string[];
  readonly flipped: readonly string[];
  /** Pushes that did not come to an end when they were made again. */
  readonly stuck: readonly string[];
}

/** What a run is told. */
export interface KillOptions {
  /** What goes wrong, one of them in each round. */
  readonly faults: readonly ChaosFault[];
  readonly rounds: number;
  /** Names its tags: two runs on one fleet differ in it. */
  readonly name?: string;
  /** Time, as of `performance.now()`, after which no further round begins. */
  readonly until: number;
  readonly random: Random;
  readonly say: (line: string) => void;
}

const LONERS = 6;
/** Pairs of clients that want the same tag with other content. */
const PAIRS = 3;
const PUSHES_EACH = 2;
/** Each of them is acknowledged to somebody in the end, and each pair's second is refused. */
export const TAGS_PER_ROUND = (LONERS + PAIRS) * PUSHES_EACH;
export const RIVALS_PER_ROUND = PAIRS * PUSHES_EACH;
const LATEST_FAULT_MILLISECONDS = 600;
/** Longer than anybody waits for a statement, or for the registry's first byte. */
const LONGEST_SILENCE_MILLISECONDS = 15_000;
const RETRY_WITHIN_MILLISECONDS = 120_000;
const REPOSITORIES = Array.from({ length: 8 }, (_, i) => `alpha/chaos-${i}`);

interface Attempt {
  readonly push: KnownPush;
  readonly end: PushEnd;
}

/**
 * In each round something goes wrong at a random moment during concurrent pushes, and is over; then every
 * push that got no answer is made again, and in the end everything acknowledged is looked at.
 *
 * @param fleet - the parts
 * @param options - how many rounds and how long
 * @returns what came of it
 */
export async function runKills(fleet: Fleet, options: KillOptions): Promise<KillSummary> {
  const { random, say } = options;
  const faults = Object.fromEntries(options.faults.map((fault) => [wordsOf(fault), 0]));
  const acknowledged = nothingAcknowledged();
  const total = { rounds: 0, refused: 0, unanswered: 0 };
  const stuck: string[] = [];
  const reader = readAllTheTime(fleet, acknowledged);
  while (total.rounds < options.rounds && performance.now() < options.until) {
    const fault = random.oneOf(options.faults);
    const moment = random.below(LATEST_FAULT_MILLISECONDS);
    const clients = clientsOf(total.rounds, options.name ?? "r").map((pushes) =>
      pushAll(fleet, pushes, random.below(fleet.gateways.length), acknowledged),
    );
    await pause(moment);
    await strike(fleet, fault, {
      instance: random.below(fleet.gateways.length),
      milliseconds: random.below(LONGEST_SILENCE_MILLISECONDS),
    });
    await endLeases(fleet);
    const attempts = (await Promise.all(clients)).flat();
    const open = attempts.filter(({ end }) => end === "unanswered").map(({ push }) => push);
    const settled = await Promise.all(open.map((push) => pushAgain(fleet, push, acknowledged)));
    stuck.push(...open.filter((_, i) => settled[i] === "unanswered").map(nameOf));
    faults[wordsOf(fault)] = (faults[wordsOf(fault)] ?? 0) + 1;
    total.rounds += 1;
    total.unanswered += open.length;
    total.refused += [...attempts.map(({ end }) => end), ...settled].filter(
      (end) => end === "refused",
    ).length;
    say(
      `round ${total.rounds} of ${options.rounds}: ${wordsOf(fault)} after ${moment} ms, ` +
        `${attempts.length} pushes, ${open.length} unanswered at first`,
    );
  }
  const reads = await reader.stop();
  await checkAcknowledged(fleet, acknowledged);
  stuck.push(...(await repeatAll(fleet, acknowledged)));
  if (total.rounds < options.rounds)
    stuck.push(`only ${total.rounds} of ${options.rounds} rounds in the time there was`);
  const { flipped, lost } = acknowledged;
  const count = acknowledged.all().length;
  return { ...total, faults, acknowledged: count, reads, lost, flipped, stuck };
}

/** What each client pushes in a round, one after the other. */
function clientsOf(round: number, name: string): KnownPush[][] {
  const repository = (i: number) => REPOSITORIES[(round + i) % REPOSITORIES.length] ?? "";
  const series = (client: number, tagOf: (i: number) => string) =>
    Array.from({ length: PUSHES_EACH }, (_, i) =>
      knownPush(repository(i), tagOf(i), `${name} ${round} client ${client} push ${i}`),
    );
  const loners = Array.from({ length: LONERS }, (_, client) =>
    series(client, (i) => `${name}${round}-own-${client}-${i}`),
  );
  const rivals = Array.from({ length: PAIRS * 2 }, (_, client) =>
    series(LONERS + client, (i) => `${name}${round}-pair-${client % PAIRS}-${i}`),
  );
  return [...loners, ...rivals];
}

async function pushAll(
  fleet: Fleet,
  pushes: readonly KnownPush[],
  instance: number,
  acknowledged: Acknowledged,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const push of pushes) {
    const end = await pushImage(fleet.gateways[instance] ?? "", push);
    if (end === "acknowledged") acknowledged.add(push);
    attempts.push({ push, end });
  }
  return attempts;
}

/** With everything up again, a push that is made again comes to an end. */
async function pushAgain(
  fleet: Fleet,
  push: KnownPush,
  acknowledged: Acknowledged,
): Promise<PushEnd> {
  const until = performance.now() + RETRY_WITHIN_MILLISECONDS;
  for (let attempt = 0; ; attempt += 1) {
    const gateway = fleet.gateways[attempt % fleet.gateways.length] ?? "";
    const end = await pushImage(gateway, push);
    if (end === "acknowledged") acknowledged.add(push);
    if (end !== "unanswered" || performance.now() > until) return end;
    await pause(250);
  }
}

/** @returns what is not acknowledged when it is pushed again as it is */
async function repeatAll(fleet: Fleet, acknowledged: Acknowledged): Promise<string[]> {
  const failed: string[] = [];
  for (const push of acknowledged.all()) {
    const end = await pushAgain(fleet, push, acknowledged);
    if (end !== "acknowledged") failed.push(`${nameOf(push)}: ${end} when pushed again`);
  }
  return failed;
}

/** Reads what was acknowledged through any gateway, also while parts are down. */
function readAllTheTime(fleet: Fleet, acknowledged: Acknowledged) {
  const stopping = new AbortController();
  let reads = 0;
  const look = async (index: number): Promise<void> => {
    const pushes = acknowledged.all();
    const push = pushes[(index * 7919) % Math.max(pushes.length, 1)];
    if (push === undefined) return;
    const gateway = fleet.gateways[index % fleet.gateways.length] ?? "";
    const token = await tokenFor(gateway, push.repository).catch(() => null);
    const read = token === null ? "unanswered" : await readTag(gateway, token, push);
    if (read === "unanswered") return;
    reads += 1;
    acknowledged.check(push, read.digest, `${gateway} meanwhile`);
  };
  const looking = (async () => {
    for (let index = 0; !stopping.signal.aborted; index += 1) {
      await look(index);
      await pause(20);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      return reads;
    },
  };
}
