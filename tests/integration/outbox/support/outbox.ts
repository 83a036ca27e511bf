import { randomUUID } from "node:crypto";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { RegistryEvent } from "#gateway/events/event.js";
import { DeliveryError, type Sink } from "#gateway/events/sink.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { dispatcher, type Dispatcher } from "#gateway/outbox/dispatcher.js";
import { deliveryMetrics } from "#gateway/outbox/outbox-metrics.js";
import type { DeliverDeps } from "#gateway/outbox/try-delivery.js";
import type { Database } from "#service-kit/db/pool.js";
import { Registry } from "prom-client";
import { SILENT } from "#tests/support/ledger.js";

/** A sink that keeps what it was given, and fails as it is told. */
export interface KeepingSink extends Sink {
  /** Everything it took, in the order in which it did. */
  readonly taken: RegistryEvent[];
  /** Attempts, failed ones included. */
  attempts(): number;
  /** From now on it does this with each event before it takes it; a rejection is its failure. */
  meet(obstacle: (event: RegistryEvent) => Promise<void>): void;
}

/**
 * @param name - of the sink
 * @param wants - absent: it wants all there is
 * @param target - where it leads
 * @param ordered - whether events of a repository keep their order
 * @returns a sink that takes everything at once
 */
export function keepingSink(
  name = "kept",
  wants: Sink["wants"] = () => true,
  target = "here",
  ordered = true,
): KeepingSink {
  const taken: RegistryEvent[] = [];
  let attempts = 0;
  let obstacle: (event: RegistryEvent) => Promise<void> = () => Promise.resolve();
  return {
    name,
    kind: "webhook",
    target,
    ordered,
    wants,
    taken,
    attempts: () => attempts,
    meet: (next) => {
      obstacle = next;
    },
    deliver: async (event) => {
      attempts += 1;
      await obstacle(event);
      taken.push(event);
    },
    close: () => Promise.resolve(),
  };
}

/** @returns what a sink says when it is away */
export function away(): Promise<never> {
  return Promise.reject(new DeliveryError("connection refused"));
}

/** @returns what a sink says that will never take an event */
export function refuse(): Promise<never> {
  return Promise.reject(new DeliveryError("the sink answered 422", { lasting: true }));
}

/** @returns what a sink says that wants no more events */
export function gone(): Promise<never> {
  return Promise.reject(new DeliveryError("the sink answered 410", { gone: true }));
}

/** A dispatcher as one gateway has it, and its metrics. */
export interface TestDispatcher extends Dispatcher {
  metrics(): Promise<string>;
}

/**
 * @param db - ledger
 * @param sinks - the sinks
 * @param giveUpSeconds - age at which an event is given up
 * @param attemptMilliseconds - how long an attempt may take
 * @param log - absent: nobody reads it
 * @param heldBack - why nothing may be delivered
 * @returns a dispatcher that has not started
 */
export function testDispatcher(
  db: Database,
  sinks: readonly Sink[],
  giveUpSeconds = 3_600,
  attemptMilliseconds = 15_000,
  log: DeliverDeps["log"] = SILENT,
  heldBack: DeliverDeps["heldBack"] = () => null,
): TestDispatcher {
  const registry = new Registry();
  const metrics = deliveryMetrics(
    registry,
    sinks.map(({ name }) => name),
  );
  const random = () => 0;
  const deps = {
    db,
    log,
    metrics,
    now: Date.now,
    random,
    giveUpSeconds,
    heldBack,
    attemptMilliseconds,
  };
  return {
    ...dispatcher(deps, { sinks, keepDays: 30 }),
    metrics: () => registry.metrics(),
  };
}

/**
 * Puts a push on record, as a commit does.
 *
 * @param db - ledger
 * @param sinks - who may want to know
 * @param push - what was pushed; its id is that of a reservation
 */
export async function announcePush(
  db: Database,
  sinks: readonly Sink[],
  push: { readonly repository: string; readonly tag: string; readonly id?: string },
): Promise<void> {
  const { repository, tag, id = randomUUID() } = push;
  const audit = announcing(recordAudit, sinks, () => undefined);
  await db.transaction((tx) =>
    audit(tx, {
      action: "tag.pushed",
      actor: { ...SYSTEM, uid: "alice" },
      repository,
      tag,
      digest: `sha256:${"a".repeat(64)}`,
      reason: "stored by the registry",
      detail: { change: "new", push: id },
    }),
  );
}

/** Makes everything due now that nobody is delivering, as if the time had passed. */
export async function passTime(db: Database): Promise<void> {
  await db.query(
    `update ledger.outbox
     set due_at = clock_timestamp(), refused_since = refused_since - interval '5 minutes'
     where claim is null`,
  );
  await db.query(
    `update ledger.delivery_aside
     set due_at = clock_timestamp(), refused_since = refused_since - interval '5 minutes'
     where claim is null`,
  );
}

/** @returns state of every delivery, by the event's tag */
export async function statesOf(db: Database): Promise<Record<string, string>> {
  const { rows } = await db.query<{ tag: string; state: string }>(
    `select event.tag, delivery.state from ledger.delivery
     join ledger.event on event.id = delivery.event order by delivery.position`,
  );
  return Object.fromEntries(rows.map(({ tag, state }) => [tag, state]));
}

/** Longer than any test. */
export const LEASE = 600;
/** How deliveries end for good. */
export const DELIVERED = { state: "delivered", attempts: 1, lastError: null } as const;
export const DEAD = { state: "dead", attempts: 1, lastError: "no" } as const;
/** Why one is put off for as long as that. */
export const FAILED = { seconds: LEASE, attempts: 7, refusals: 7, error: "away" };
