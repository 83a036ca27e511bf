import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/outbox.js";
import { changeOutbox, type ChangeOutboxDeps, type OutboxChange } from "../outbox/change-outbox.js";
import { readOutbox } from "../outbox/read-outbox.js";
import { unknownNames } from "../outbox/sql/known-names.js";
import { listDead } from "../outbox/sql/list.js";
import { implement, type Implementation } from "./implement.js";

/**
 * @param deps - where the queues are, and the audit log
 * @returns the operations about what waits to be announced
 */
export function outboxOperations(deps: ChangeOutboxDeps): readonly Implementation[] {
  const { db } = deps;
  return [
    implement(operations.readOutbox, async ({ query }) => {
      const { limit, ...selection } = query;
      const { stops, ...waiting } = await readOutbox(db, selection, limit);
      // Where a stopped sink leads to is a fingerprint of its configuration.
      return { body: { stops: stops.map(({ target: _target, ...stop }) => stop), ...waiting } };
    }),
    implement(operations.listDeadEvents, async ({ query }) => {
      const { limit, ...selection } = query;
      return { body: { items: await listDead(db, selection, limit) } };
    }),
    implement(operations.changeOutbox, async ({ body: { change, ...selection }, actor }) => {
      // Each change takes of a selection what its form has.
      const asked = { change, selection } as OutboxChange;
      for (const name of await unknownNames(db, asked.selection))
        throw new Fault("NOT_FOUND", { message: `${name}: nothing was ever meant for it` });
      const changed = await changeOutbox(deps, asked, actor);
      if (changed.events === 0 && (change === "give-up" || change === "skip"))
        throw new Fault("NOT_FOUND", {
          message: "it is the first of no queue, and beside none: what is before it comes first",
        });
      return { body: changed };
    }),
  ];
}
