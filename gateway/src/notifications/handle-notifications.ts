import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { HookMetrics, NotificationOutcome } from "./notification-metrics.js";
import { lookAtTag, type LookDeps } from "./look-at-tag.js";
import { recordReportedPulls, type ReportedPullDeps } from "./reported-pulls.js";
import { readReportedTags, type ReportedTag } from "./sql/reported-tags.js";
import {
  claimNotifications,
  postponeNotifications,
  settleNotifications,
  type ClaimedNotification,
} from "./sql/work-notifications.js";

/** What handling events needs. */
export interface HandleDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly hookMetrics: HookMetrics;
  readonly tags: LookDeps;
  readonly pulls: ReportedPullDeps;
}

/** How many are taken at once. */
export const BATCH = 200;
/** Longer than a batch takes when the registry answers each question at the last moment. */
const LEASE_SECONDS = 300;
const AT_ONCE = 8;
/** So many questions without an answer in a row are enough: the rest of the batch waits. */
const AWAY_AFTER = 5;

/** An event is looked at again after 5 s, 10 s, … 10 min: about four hours in all. */
const FIRST_DELAY_SECONDS = 5;
const MOST_DELAY_SECONDS = 600;
const MOST_ATTEMPTS = 30;

/** Seconds after which a tag is looked at again whose report came before the registry had written it. */
const EARLY_DELAYS_SECONDS = [1, 4];

/**
 * Handles events that wait, several replicas side by side.
 *
 * @param deps - ledger, registry and metrics
 * @returns how many were taken, {@link BATCH} at most
 * @throws Fault UNAVAILABLE when the database is away; what was taken is then taken again by whoever is next
 */
export async function handleNotifications(deps: HandleDeps): Promise<number> {
  const claimed = await claimNotifications(deps.db, BATCH, LEASE_SECONDS);
  const pulls = claimed.filter(({ action }) => action === "pull");
  if (pulls.length > 0) await countPulls(deps, pulls);
  await lookAtTags(
    deps,
    claimed.filter(({ action }) => action !== "pull"),
  );
  return claimed.length;
}

async function countPulls(deps: HandleDeps, pulls: readonly ClaimedNotification[]): Promise<void> {
  try {
    await recordReportedPulls(deps.pulls, pulls);
  } catch (error) {
    await postpone(deps, pulls, error);
  }
}

/** Events about one tag are handled together: it is asked for once. */
interface TagReport {
  readonly key: TagKey;
  readonly events: ClaimedNotification[];
}

async function lookAtTags(deps: HandleDeps, events: readonly ClaimedNotification[]): Promise<void> {
  const { reports, strange } = reportsOf(events);
  await settle(deps, strange, "nothing to do");
  const held = new Map<string, ReportedTag>();
  const keys = reports.map(({ key }) => key);
  if (keys.length > 0)
    for (const tag of await readReportedTags(deps.db, keys)) held.set(nameOf(tag), tag);
  const waiting = reports.values();
  let failures = 0;
  const work = async () => {
    for (const report of waiting)
      try {
        if (failures >= AWAY_AFTER) throw new Error("the registry or the database is away");
        deps.tags.signal.throwIfAborted();
        const pushed = report.events.map(({ digest }) => digest);
        const known = held.get(nameOf(report.key)) ?? null;
        const { outcome, isEarly } = await lookAtTag(deps.tags, report.key, pushed, known);
        const early = isEarly ? await lookAgain(deps, report.events) : [];
        await settle(
          deps,
          report.events.filter((event) => !early.includes(event)),
          outcome,
        );
        failures = 0;
      } catch (error) {
        failures += 1;
        await postpone(deps, report.events, error);
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** @returns those of the events that are looked at again soon; the others have waited long enough */
async function lookAgain(
  { db }: HandleDeps,
  events: readonly ClaimedNotification[],
): Promise<ClaimedNotification[]> {
  const early = events.filter(({ attempts }) => attempts <= EARLY_DELAYS_SECONDS.length);
  const postponed = early.map(({ id, attempts }) => ({
    id,
    seconds: EARLY_DELAYS_SECONDS[attempts - 1] ?? 0,
  }));
  await postponeNotifications(db, postponed, "nothing of it was to be seen at the registry yet");
  return early;
}

function reportsOf(events: readonly ClaimedNotification[]): {
  reports: TagReport[];
  strange: ClaimedNotification[];
} {
  const reports = new Map<string, TagReport>();
  const strange: ClaimedNotification[] = [];
  for (const event of events) {
    const key = keyOf(event);
    if (key === null) strange.push(event);
    else {
      const report = reports.get(nameOf(key)) ?? { key, events: [] };
      report.events.push(event);
      reports.set(nameOf(key), report);
    }
  }
  return { reports: [...reports.values()], strange };
}

function keyOf({ repository, tag }: ClaimedNotification): TagKey | null {
  try {
    return { repository: parseRepositoryName(repository), tag: parseTag(tag ?? "") };
  } catch {
    return null;
  }
}

async function settle(
  { db, hookMetrics }: HandleDeps,
  events: readonly ClaimedNotification[],
  outcome: NotificationOutcome,
  reason: string | null = null,
): Promise<void> {
  if (events.length === 0) return;
  const settled = await settleNotifications(
    db,
    new Map(events.map(({ id }) => [id, outcome])),
    reason,
  );
  hookMetrics.handled.inc({ outcome }, settled.size);
}

async function postpone(
  deps: HandleDeps,
  events: readonly ClaimedNotification[],
  error: unknown,
): Promise<void> {
  const reason = error instanceof Object && "message" in error ? String(error.message) : "unknown";
  const spent = events.filter(({ attempts }) => attempts >= MOST_ATTEMPTS);
  const others = events.filter(({ attempts }) => attempts < MOST_ATTEMPTS);
  await settle(deps, spent, "given up", reason);
  const postponed = others.map(({ id, attempts }) => ({ id, seconds: delayAfter(attempts) }));
  if (postponed.length > 0) await postponeNotifications(deps.db, postponed, reason);
  const ids = events.map(({ id }) => id);
  deps.log.warn({ event: "notification.postponed", ids, givenUp: spent.length, reason });
}

/** Seconds until the next attempt, a quarter of it by chance, so that replicas do not ask in step. */
function delayAfter(attempts: number): number {
  const seconds = Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), MOST_DELAY_SECONDS);
  return seconds * (0.75 + Math.random() / 4);
}

function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
