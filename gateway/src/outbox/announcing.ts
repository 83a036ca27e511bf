import type { RecordAudit } from "#audit-log/record-audit.js";
import { enqueue } from "./sql/enqueue.js";
import { eventOf } from "../events/event-of.js";
import type { Sink } from "../events/sink.js";

/**
 * Whatever goes on record is announced, in the same transaction: neither without the other.
 *
 * @param record - writes the audit log
 * @param sinks - who may want to know
 * @param added - told after something was added, before the transaction has committed
 * @returns the same, which also puts the event into the queues of the sinks that want it
 */
export function announcing(
  record: RecordAudit,
  sinks: readonly Sink[],
  added: () => void,
): RecordAudit {
  return async (tx, entry) => {
    const event = eventOf(entry);
    const names =
      event === null ? [] : sinks.filter((sink) => sink.wants(event)).map(({ name }) => name);
    // Both at once; the entry last, since a chain of the audit log is held until the transaction ends.
    await Promise.all([event === null ? null : enqueue(tx, event, names), record(tx, entry)]);
    if (names.length > 0) added();
  };
}
