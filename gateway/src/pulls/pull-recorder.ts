import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { announcePulls, type Announcing } from "./announce-pulls.js";
import { pullCounts } from "./pull-counts.js";
import type { PullMetrics } from "./pull-metrics.js";
import type { CountedPulls, Pull } from "./pull.js";
import { recentReads } from "./recent-reads.js";
import { forgetOldDays, sealDays } from "./days.js";
import { prunePulls } from "./sql/forget-pulls.js";
import { childKey, readParents } from "./sql/read-parents.js";
import { recordPulls } from "./sql/record-pulls.js";

/** What recording pulls needs. */
export interface PullRecorderDeps extends Announcing {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly log: Logger;
  readonly pullMetrics: PullMetrics;
  /** Days after which who pulled is forgotten. */
  readonly keepDays: number;
  /** Current time in milliseconds. */
  readonly now: () => number;
}

/** Takes note of pulls without keeping anybody waiting. */
export interface PullRecorder extends Component {
  /** Notes that a caller was told what a tag means, without the manifest. */
  looked(pull: Pull): void;
  /** Notes that a caller got a manifest. */
  pulled(pull: Pull): void;
  /** Writes what was noted; keeps it for the next time when the database is away. */
  flush(): Promise<void>;
}

const FLUSH_MILLISECONDS = 5_000;
const HOUR_MILLISECONDS = 3_600_000;
const DAY_LOOK_MILLISECONDS = 60_000;
/** Different pulls that wait; about 10 MB. */
const MOST_WAITING = { inAll: 20_000, ofOne: 5_000 };
/** In one transaction. */
const BATCH = 1_000;
/** So many are written at once, so that there is room for others'. */
const MANY_WAITING = 2_000;

/**
 * A client that asks what a tag means and then gets the manifest by its digest pulls the tag, once; the
 * manifests of platforms that it gets next are part of that.
 *
 * @param deps - database, metrics and sinks
 * @returns a component that writes what was noted every few seconds, and when it is stopped
 */
export function pullRecorder(deps: PullRecorderDeps): PullRecorder {
  const counts = pullCounts(MOST_WAITING);
  const recent = recentReads();
  const failing = lastingWarning(deps.log, "pulls.not-written");
  let timer: NodeJS.Timeout | undefined;
  let pruning: NodeJS.Timeout | undefined;
  let sealing: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let isAway = false;
  const flushAll = async (): Promise<void> => {
    while (counts.size > 0) {
      const taken = counts.take(BATCH);
      try {
        await write(deps, await withoutChildren(taken));
        failing.worked();
        isAway = false;
      } catch (error) {
        isAway = true;
        deps.pullMetrics.dropped.inc(counts.putBack(taken));
        failing.failed(error, { waiting: counts.size });
        break;
      }
    }
    deps.pullMetrics.waiting.set(counts.size);
  };
  const unsealed = lastingWarning(deps.log, "pulls.not-sealed");
  let sealed: Promise<void> | null = null;
  const seal = () =>
    (sealed ??= sealDays(deps)
      .then(unsealed.worked, unsealed.failed)
      .finally(() => (sealed = null)));
  const flush = () => (running ??= flushAll().finally(() => (running = null)));
  const withoutChildren = async (pulls: readonly CountedPulls[]): Promise<CountedPulls[]> => {
    const parents = await readParents(
      deps.db,
      pulls.filter(({ tag }) => tag === null),
    );
    const isPart = (pull: CountedPulls) =>
      pull.tag === null &&
      parents
        .get(childKey(pull.repository, pull.digest))
        ?.some((parent) => recent.hasGot(pull, parent, pull.lastAt.getTime())) === true;
    return pulls.filter((pull) => !isPart(pull));
  };
  return {
    name: "pull records",
    looked: (pull) => {
      recent.named(pull, deps.now());
    },
    pulled: (pull) => {
      const now = deps.now();
      const known = pull.tag === null ? { ...pull, tag: recent.tagOf(pull, now) } : pull;
      recent.got(known, now);
      if (!counts.add(known, new Date(now))) deps.pullMetrics.dropped.inc();
      if (counts.size >= MANY_WAITING && !isAway) void flush();
    },
    flush,
    start: () => {
      timer = setInterval(() => void flush(), FLUSH_MILLISECONDS);
      pruning = setInterval(() => {
        void prune(deps);
      }, HOUR_MILLISECONDS);
      sealing = setInterval(() => void seal(), DAY_LOOK_MILLISECONDS);
      void seal();
      return Promise.resolve();
    },
    stop: async () => {
      clearInterval(timer);
      clearInterval(pruning);
      clearInterval(sealing);
      await sealed;
      await running;
      await flush();
    },
  };
}

async function write(deps: PullRecorderDeps, pulls: readonly CountedPulls[]): Promise<void> {
  if (pulls.length === 0) return;
  await deps.db.transaction(async (tx) => {
    await recordPulls(tx, pulls);
    await announcePulls(tx, deps, pulls);
  });
  for (const { tag, count } of pulls)
    deps.pullMetrics.pulls.inc({ by: tag === null ? "digest" : "tag" }, count);
}

async function prune(deps: PullRecorderDeps): Promise<void> {
  const { db, log, keepDays } = deps;
  try {
    while ((await prunePulls(db, keepDays)) > 0);
    await forgetOldDays(deps, keepDays);
  } catch (error) {
    log.warn({ event: "pulls.not-pruned", err: error });
  }
}
