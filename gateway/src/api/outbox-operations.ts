import { listDeadEvents, readOutbox } from "#rest-api/operations/outbox.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readBacklog } from "../outbox/sql/backlog.js";
import { listDead, listQueues } from "../outbox/sql/list.js";
import { readStops } from "../outbox/sql/stops.js";
import { implement, type Implementation } from "./implement.js";

/**
 * @param db - where the queues are
 * @returns the operations about what waits to be announced; what changes it is a command's
 */
export function outboxOperations(db: Queryable): readonly Implementation[] {
  return [
    implement(readOutbox, async ({ query }) => {
      const { sink: only, limit, ...others } = query;
      const isMeant = ({ sink }: { readonly sink: string }) => only === undefined || sink === only;
      const stops = (await readStops(db)).filter(isMeant);
      const backlogs = await readBacklog(db, only === undefined ? [] : [only]);
      return {
        body: {
          // Where a stopped sink leads to is a fingerprint of its configuration.
          stops: stops.map(({ target: _target, ...stop }) => stop),
          backlogs: backlogs.filter(isMeant),
          queues: await listQueues(db, { sink: only, ...others }, limit),
        },
      };
    }),
    implement(listDeadEvents, async ({ query }) => {
      const { limit, ...selection } = query;
      return { body: { items: await listDead(db, selection, limit) } };
    }),
  ];
}
