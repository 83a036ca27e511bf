import { listEntries, newestEntries } from "#audit-log/list-entries.js";
import type { EntryFilter, EntryRow } from "#audit-log/sql/entries.js";
import { exportAudit, listAudit } from "#rest-api/operations/audit.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { pageOf } from "../catalog/page.js";
import { CSV_HEAD, csvOfEntry } from "./audit-csv.js";
import { implement, type Asked, type Implementation } from "./implement.js";
import { written } from "./written.js";

const END_OF_TIME = new Date("9999-12-31");

/**
 * @param db - audit log
 * @returns the operations about it
 */
export function auditOperations(db: Queryable): readonly Implementation[] {
  return [
    implement(listAudit, async ({ query, page }) => {
      const { limit, after } = page;
      const found = await newestEntries(db, filterOf(query), { limit: limit + 1, after });
      const { items, next } = pageOf(found, limit, placeOf);
      return { page: { items: items.map(jsonOf), next } };
    }),
    implement(exportAudit, async ({ query, req, res }) => {
      const isTable = query.format === "csv";
      res.setHeader("Content-Type", isTable ? "text/csv; charset=utf-8" : "application/x-ndjson");
      res.setHeader("Content-Disposition", `attachment; filename="audit.${query.format}"`);
      res.setHeader("Cache-Control", "no-store");
      res.setHeader("X-Content-Type-Options", "nosniff");
      if (req.method === "HEAD") {
        res.end();
        return "sent";
      }
      if (isTable) await written(res, CSV_HEAD);
      for await (const row of listEntries(db, filterOf(query)))
        if (!(await written(res, isTable ? csvOfEntry(row) : `${JSON.stringify(jsonOf(row))}\n`)))
          break;
      res.end();
      return "sent";
    }),
  ];
}

function placeOf({ at, chain, position }: EntryRow): Pick<EntryRow, "at" | "chain" | "position"> {
  return { at, chain, position };
}

type Filters = Omit<Asked<typeof exportAudit>["query"], "format">;

function filterOf(query: Filters): EntryFilter {
  const { since = new Date(0), until = END_OF_TIME } = query;
  const { repository = null, action = null, actor = null, tag = null, digest = null } = query;
  return { since, until, repository, action, actor, tag, digest };
}

function jsonOf({ chain, position, hash, content }: EntryRow): object {
  return { chain, position, hash: hash.toString("hex"), entry: contentOf(content) };
}

/** What somebody has written past the recorder is shown too: `verify` tells what it is. */
function contentOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return { unreadable: content };
  }
}
