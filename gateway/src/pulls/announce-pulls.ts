import { randomUUID } from "node:crypto";
import type { Queryable } from "#service-kit/db/pool.js";
import type { NewEvent } from "../events/event.js";
import type { Sink } from "../events/sink.js";
import { enqueue } from "../outbox/sql/enqueue.js";
import type { CountedPulls } from "./pull.js";

/** Who may want to know of pulls. */
export interface Announcing {
  readonly sinks: readonly Sink[];
  /** Told after something was added, before the transaction has committed. */
  readonly announced: () => void;
}

/**
 * Puts pulls into the queues of the sinks that want them; most want none.
 *
 * @param tx - the transaction that records them
 * @param to - the sinks
 * @param pulls - one event for each
 */
export async function announcePulls(
  tx: Queryable,
  { sinks, announced }: Announcing,
  pulls: readonly CountedPulls[],
): Promise<void> {
  if (sinks.length === 0) return;
  for (const event of [...pulls].sort(byRepository).map(eventOf)) {
    const names = sinks.filter((sink) => sink.wants(event)).map(({ name }) => name);
    if (names.length === 0) continue;
    await enqueue(tx, event, names);
    announced();
  }
}

/** Queues are held until the transaction ends: everybody takes them in this order. */
function byRepository(one: CountedPulls, other: CountedPulls): number {
  return one.repository < other.repository ? -1 : one.repository > other.repository ? 1 : 0;
}

function eventOf(pulls: CountedPulls): NewEvent {
  const { repository, tag, digest, count, firstAt, lastAt } = pulls;
  const { uid, realm, kind, address, userAgent } = pulls;
  return {
    id: randomUUID(),
    action: "pull",
    repository,
    tag,
    digest,
    previousDigest: null,
    actor: { uid, realm, kind, address, userAgent, requestId: "" },
    reason: "pulled",
    detail: { count, firstAt, lastAt },
  };
}
