import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { giveUpAside, retryAsideNow } from "./sql/aside.js";
import { discardDead, type Progress } from "./sql/dead-letters.js";
import { giveUpFirst, retryNow } from "./sql/first-of-queues.js";
import { discardWaiting, replay } from "./sql/operate.js";
import type { Selection } from "./sql/selection.js";
import { startSink } from "./sql/stops.js";

/** What an operator can do to what waits, or was given up. */
export type OutboxChange =
  | { readonly change: "retry"; readonly selection: Pick<Selection, "sink" | "repository"> }
  | { readonly change: "start"; readonly selection: { readonly sink: string } }
  | { readonly change: "give-up" | "skip"; readonly selection: Omit<Selection, "since"> }
  | {
      readonly change: "replay" | "replay-dead" | "discard-dead";
      readonly selection: Selection;
    }
  | {
      readonly change: "discard-waiting";
      readonly selection: Pick<Selection, "repository"> & { readonly sink: string };
    };

/** What was changed. */
export interface OutboxChanged {
  readonly events: number;
  /** Queues as a whole, or sinks that were stopped. */
  readonly queues: number;
}

/** What changing needs. */
export interface ChangeOutboxDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
}

/**
 * Changes what waits to be announced, on record. What takes several transactions goes on record before the first of them.
 *
 * @param deps - queues and audit log
 * @param asked - what is to be done, to which of them
 * @param actor - who wants it
 * @param progress - told of how many events were changed so far
 * @returns how much was changed
 */
export async function changeOutbox(
  deps: ChangeOutboxDeps,
  asked: OutboxChange,
  actor: AuditActor,
  progress: Progress = () => undefined,
): Promise<OutboxChanged> {
  const { db } = deps;
  const inOne = (work: (tx: Queryable) => Promise<OutboxChanged>) =>
    db.transaction(async (tx) => {
      const done = await work(tx);
      if (done.events + done.queues > 0) await deps.audit(tx, entryOf(asked, actor, done));
      return done;
    });
  const inParts = async (work: () => Promise<number>) => {
    await db.transaction((tx) => deps.audit(tx, entryOf(asked, actor, null)));
    return { events: await work(), queues: 0 };
  };
  switch (asked.change) {
    case "retry":
      return inOne(async (tx) => ({
        queues: await retryNow(tx, asked.selection),
        events: await retryAsideNow(tx, asked.selection),
      }));
    case "start":
      return inOne(async (tx) => ({
        queues: (await startSink(tx, asked.selection.sink)) ? 1 : 0,
        events: 0,
      }));
    case "give-up":
      return inOne(async (tx) => ({
        events: (await giveUpFirst(tx, asked.selection)) + (await giveUpAside(tx, asked.selection)),
        queues: 0,
      }));
    case "skip":
      return inOne(async (tx) => ({ events: await giveUpFirst(tx, asked.selection), queues: 0 }));
    case "replay":
      return inParts(() => replay(db, asked.selection, { dead: false }, progress));
    case "replay-dead":
      return inParts(() => replay(db, asked.selection, { dead: true }, progress));
    case "discard-dead":
      return inParts(() => discardDead(db, asked.selection, progress));
    case "discard-waiting":
      return inParts(() => discardWaiting(db, asked.selection));
  }
}

function entryOf(
  { change, selection }: OutboxChange,
  actor: AuditActor,
  done: OutboxChanged | null,
): AuditEntry {
  const { sink, repository, event, since }: Selection = selection;
  const detail = {
    ...(sink === undefined ? {} : { sink }),
    ...(event === undefined ? {} : { event }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...done,
  };
  const what = { action: "outbox.changed", tag: null, digest: null } as const;
  return { ...what, repository: repository ?? null, actor, reason: change, detail };
}
