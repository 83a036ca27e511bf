import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/outbox.js";
import { changeOutbox, type ChangeOutboxDeps, type OutboxChange } from "../outbox/change-outbox.js";
import { listAside } from "../outbox/sql/aside.js";
import { readBacklog } from "../outbox/sql/backlog.js";
import { unknownNames } from "../outbox/sql/known-names.js";
import { listDead, listQueues } from "../outbox/sql/list.js";
import { readStops } from "../outbox/sql/stops.js";
import { implement, type Implementation } from "./implement.js";

/**
 * @param deps - where the queues are, and the audit log
 * @returns the operations about what waits to be announced
 */
export function outboxOperations(deps: ChangeOutboxDeps): readonly Implementation[] {
  const { db } = deps;
  return [
    implement(operations.readOutbox, async ({ query }) => {
      const { sink: only, limit, ...others } = query;
      const isMeant = ({ sink }: { readonly sink: string }) => only === undefined || sink === only;
      const stops = (await readStops(db)).filter(isMeant);
      const backlogs = await readBacklog(db, only === undefined ? [] : [only]);
      const selection = { sink: only, ...others };
      return {
        body: {
          // Where a stopped sink leads to is a fingerprint of its configuration.
          stops: stops.map(({ target: _target, ...stop }) => stop),
          backlogs: backlogs.filter(isMeant),
          queues: await listQueues(db, selection, limit),
          aside: await listAside(db, selection, limit),
        },
      };
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
