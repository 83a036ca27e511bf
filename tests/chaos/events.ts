import { setTimeout as pause } from "node:timers/promises";
import { knownPush, pushImage, type KnownPush } from "./client.js";
import { nameOf } from "./acknowledged.js";
import { endLeases, type Fleet } from "./fleet.js";
import type { FlakyTopic } from "./flaky-topic.js";

/** What came of pushes whose announcements fail half of the time. */
export interface EventSummary {
  readonly acknowledged: number;
  readonly gatewaysKilled: number;
  /** Requests to SNS that failed, before and after it took the message. */
  readonly failedBefore: number;
  readonly failedAfter: number;
  readonly arrived: number;
  /** Messages beyond the first of each push. */
  readonly duplicates: number;
  /** Pushes of which no message arrived. */
  readonly missing: readonly string[];
  /** Messages that overtook one of an earlier push of their repository. */
  readonly overtaking: readonly string[];
}

/** What a run is told. */
export interface EventOptions {
  readonly pushes: number;
  readonly kills: number;
  /** Time, as of `performance.now()`, after which it is not waited any longer. */
  readonly until: number;
  readonly say: (line: string) => void;
}

const CLIENTS = 12;
const REPOSITORIES = 40;

/**
 * Pushes through all gateways, which are killed meanwhile, and looks at what arrives.
 *
 * @param fleet - gateways that publish to the topic
 * @param topic - what fails
 * @param options - how many
 * @returns what arrived
 */
export async function runEvents(
  fleet: Fleet,
  topic: FlakyTopic,
  { pushes, kills, until, say }: EventOptions,
): Promise<EventSummary> {
  const todo = Array.from({ length: pushes }, (_, i) =>
    knownPush(`alpha/event-${i % REPOSITORIES}`, `e${i}`, `event ${i}`),
  );
  const waiting = [...todo];
  const killAt = Array.from({ length: kills }, (_, i) =>
    Math.floor(((i + 1) * pushes) / (kills + 1)),
  );
  const killing: Promise<void>[] = [];
  const client = async (index: number): Promise<void> => {
    for (let push = waiting.shift(); push !== undefined; push = waiting.shift()) {
      await pushUntilAcknowledged(fleet, push, index, until);
      const done = pushes - waiting.length;
      const next = killAt.findIndex((at) => done >= at);
      if (next === -1) continue;
      killAt.splice(next, 1);
      say(`events: a gateway is killed after ${done} of ${pushes} pushes`);
      killing.push(killOne(fleet, killing.length));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  await Promise.all(killing);
  const names = todo.map(nameOf);
  await untilArrived(fleet, topic, names, { until, say });
  return {
    acknowledged: todo.length,
    gatewaysKilled: killing.length,
    failedBefore: topic.failures().before,
    failedAfter: topic.failures().after,
    arrived: topic.received.length,
    duplicates: topic.received.length - new Set(topic.received).size,
    missing: missingOf(topic, names),
    overtaking: await overtakingOf(fleet, topic),
  };
}

async function killOne(fleet: Fleet, instance: number): Promise<void> {
  await fleet.killAndAwait("gateway", instance);
  await endLeases(fleet);
}

async function pushUntilAcknowledged(
  fleet: Fleet,
  push: KnownPush,
  index: number,
  until: number,
): Promise<void> {
  for (let attempt = index; performance.now() < until; attempt += 1) {
    const end = await pushImage(fleet.gateways[attempt % fleet.gateways.length] ?? "", push);
    if (end === "acknowledged") return;
    await pause(250);
  }
  throw new Error(`${nameOf(push)} was not acknowledged in time`);
}

async function untilArrived(
  fleet: Fleet,
  topic: FlakyTopic,
  names: readonly string[],
  { until, say }: Pick<EventOptions, "until" | "say">,
): Promise<void> {
  let said = -1;
  while (performance.now() < until) {
    // As if the pauses after failures had passed.
    for (const table of ["ledger.outbox", "ledger.delivery_aside"])
      await fleet.db.query(`update ${table} set due_at = clock_timestamp() where claim is null`);
    await topic.receive();
    const left = missingOf(topic, names).length;
    const { rows } = await fleet.db.query<{ waiting: number }>(
      `select (select coalesce(sum(last_position - done_position), 0) from ledger.outbox)::int
            + (select count(*) from ledger.delivery_aside)::int as waiting`,
    );
    const waiting = rows[0]?.waiting ?? 0;
    if (waiting === 0) return topic.receive();
    if (left !== said) say(`events: ${waiting} wait, ${left} have not arrived`);
    said = left;
    await pause(500);
  }
}

function missingOf({ received }: FlakyTopic, names: readonly string[]): string[] {
  const arrived = new Set(received);
  return names.filter((name) => !arrived.has(name));
}

/** First publications have to come in the order in which the ledger has the pushes of a repository. */
async function overtakingOf({ db }: Fleet, { published }: FlakyTopic): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select delivery.repository || ':' || event.tag as name from ledger.delivery
     join ledger.event on event.id = delivery.event where sink = 'chaos' order by delivery.repository, position`,
  );
  const places = new Map(rows.map(({ name }, place) => [name, place]));
  const last = new Map<string, number>();
  return [...new Set(published)].filter((name) => {
    const repository = name.slice(0, name.lastIndexOf(":"));
    const place = places.get(name) ?? -1;
    const overtakes = place < (last.get(repository) ?? -1);
    last.set(repository, Math.max(place, last.get(repository) ?? -1));
    return overtakes;
  });
}
