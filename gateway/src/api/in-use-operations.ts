import type { RecordAudit } from "#audit-log/record-audit.js";
import * as operations from "#rest-api/operations/in-use.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { takeReport, type ReportDeps } from "../in-use/report.js";
import { readUsages, type UsageQuery } from "../in-use/sql/usage.js";
import { waiveUse } from "../in-use/waive.js";
import { implement, type AskedPage, type Implementation } from "./implement.js";

/** What the operations about use need. */
export interface InUseOperationsDeps extends ReportDeps {
  readonly audit: RecordAudit;
  /** @returns the host and port under which whoever asks reaches this registry. @throws Fault REQUEST_INVALID */
  readonly hostOf: (req: HttpRequest) => string;
}

/**
 * What runs where: reported by those who may, told to whoever may push there, as who pulled is, and to administrators.
 *
 * @param deps - ledger, audit log, who may report
 * @returns the operations about it
 */
export function inUseOperations(deps: InUseOperationsDeps): readonly Implementation[] {
  const { db, audit, hostOf } = deps;
  const page = async (
    of: Pick<UsageQuery, "repository" | "tag" | "digest">,
    { limit, after }: AskedPage<{ readonly at: string; readonly key: string }>,
  ) => {
    const found = await readUsages(db, { ...of, limit: limit + 1, after });
    const items = found.slice(0, limit);
    const next = found.length > limit ? (items.at(-1)?.place ?? null) : null;
    return { page: { items: items.map(({ place: _, ...usage }) => usage), next } };
  };
  return [
    implement(operations.reportInUse, async ({ body, actor, view, req }) => ({
      body: await takeReport(deps, body, { actor, view, hosts: [hostOf(req)] }),
    })),
    implement(operations.listInUse, async ({ path, query, ...asked }) => {
      const { repository } = path;
      const { of } = query;
      const tag = of !== undefined && "tag" in of ? of.tag : null;
      const digest = of !== undefined && "digest" in of ? of.digest : null;
      return page({ repository, tag, digest }, asked.page);
    }),
    implement(operations.findInUse, async ({ query, ...asked }) =>
      page({ repository: null, tag: null, digest: query.digest }, asked.page),
    ),
    implement(operations.waiveInUse, async ({ body, actor }) => {
      const { repository, digest } = body;
      const endsAt = await waiveUse({ db, audit }, body, actor);
      return { body: { repository, digest, endsAt } };
    }),
  ];
}
