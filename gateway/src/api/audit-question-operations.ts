import type { RuleAbout } from "#access-policy/who-can.js";
import { parseAskedImage } from "#audit-log/questions/asked-image.js";
import { changesIn, changesShown } from "#audit-log/questions/changes.js";
import { quarterIn } from "#audit-log/questions/quarter.js";
import { reportOf } from "#audit-log/questions/report.js";
import { reportShown } from "#audit-log/questions/report-shown.js";
import { asCsv, type ShownAnswer } from "#audit-log/questions/table.js";
import type { Somebody } from "#audit-log/questions/decision-then.js";
import { whoCould, type WhoCould } from "#audit-log/questions/who-could.js";
import { whoCouldShown } from "#audit-log/questions/who-could-shown.js";
import { whoPulled, whoPulledShown } from "#audit-log/questions/who-pulled.js";
import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/audit-questions.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { implement, type Answered, type Asked, type Implementation } from "./implement.js";
import { written } from "./written.js";

const MONTH_MILLISECONDS = 30 * 86_400_000;

/** What answering needs. */
export interface AuditQuestionDeps {
  readonly db: Queryable;
  readonly now: () => Date;
}

/**
 * @param deps - audit log and ledger, and the time
 * @returns the operations that answer an auditor's questions
 */
export function auditQuestionOperations({ db, now }: AuditQuestionDeps): readonly Implementation[] {
  return [
    implement(operations.whoPulled, async (asked) => {
      const { image, from = null, to = null } = asked.query;
      const answer = await whoPulled(db, parseAskedImage(image), { from, to });
      return told(asked, answer, whoPulledShown(answer));
    }),
    implement(operations.whoCould, async (asked) => {
      const { action, repository, tag = null, at = now() } = asked.query;
      const somebody = somebodyIn(asked.query);
      const answer = await whoCould(db, { action, repository, tag, at, somebody });
      return told(asked, plain(answer), whoCouldShown(answer));
    }),
    implement(operations.listChanges, async (asked) => {
      const { to = now() } = asked.query;
      const { from = new Date(to.getTime() - MONTH_MILLISECONDS) } = asked.query;
      if (from >= to)
        throw new Fault("REQUEST_INVALID", { message: "from: wanted a time before to" });
      const answer = await changesIn(db, { from, to });
      return told(asked, answer, changesShown(answer));
    }),
    implement(operations.reportQuarter, async (asked) => {
      const quarter = quarterIn(asked.query.quarter);
      if (quarter === null || quarter.from > now())
        throw new Fault("REQUEST_INVALID", { message: "quarter: wanted one that has begun" });
      const answer = await reportOf(db, quarter, { now: now(), verified: null });
      return told(asked, answer, reportShown(answer));
    }),
  ];
}

type AskedForm = Pick<Asked, "res" | "req"> & {
  readonly query: { readonly format: "json" | "csv" };
};

async function told(
  { query, req, res }: AskedForm,
  body: object,
  shown: ShownAnswer,
): Promise<Answered> {
  if (query.format === "json") return { body };
  res.setHeader("Content-Type", "text/csv; charset=utf-8");
  res.setHeader("Content-Disposition", 'attachment; filename="audit.csv"');
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("X-Content-Type-Options", "nosniff");
  if (req.method !== "HEAD") await written(res, asCsv(shown));
  res.end();
  return "sent";
}

function somebodyIn(query: Asked<typeof operations.whoCould>["query"]): Somebody | null {
  const { uid, realm, kind, team, scope = [], address = null } = query;
  if (uid === undefined) return null;
  return { uid, realm, kind, scopes: scope, teams: team ?? null, address };
}

/** Rules in the form in which `/who-can` has them. */
function plain({ rules, decision, ...rest }: WhoCould): object {
  const ruleOf = ({ rule, patterns, ...about }: RuleAbout) => ({
    ...about,
    ...{ rule: rule.id, at: rule.at, where: patterns },
  });
  const traced = decision?.trace.map(({ rule, ...entry }) => ({ ...entry, rule: rule.id }));
  return {
    ...rest,
    rules: rules.map(ruleOf),
    decision: decision === null ? null : { ...decision, trace: traced },
  };
}
