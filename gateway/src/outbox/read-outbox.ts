import type { Queryable } from "#service-kit/db/pool.js";
import { listAside } from "./sql/aside.js";
import { readBacklog } from "./sql/backlog.js";
import { listQueues } from "./sql/list.js";
import type { Selection } from "./sql/selection.js";
import { readStops } from "./sql/stops.js";

/**
 * @param db - where the queues are
 * @param selection - of which sink and repository
 * @param limit - as many queues, and events beside them, at most
 * @returns sinks that are stopped, how much waits for each, the queues that have waited longest, and what stepped aside
 */
export async function readOutbox(
  db: Queryable,
  selection: Pick<Selection, "sink" | "repository">,
  limit: number,
) {
  const { sink: only } = selection;
  const isMeant = ({ sink }: { readonly sink: string }) => only === undefined || sink === only;
  return {
    stops: (await readStops(db)).filter(isMeant),
    backlogs: (await readBacklog(db, only === undefined ? [] : [only])).filter(isMeant),
    queues: await listQueues(db, selection, limit),
    aside: await listAside(db, selection, limit),
  };
}
