import type { AuditActor } from "#audit-log/entry.js";
import { readView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import { parseImageReference } from "./reference.js";
import { isReporter, type Reporter } from "./reporters.js";
import { beginReport, replaceLines, resolveImages, type ReportedImage } from "./sql/report.js";

/** Clusters, jobs and the like of one reporter. */
const MOST_REPORTS = 100;
/** More than anybody runs, and what runs is never too much. */
const MOST_ENDED_LINES = 20_000;

/** What taking a report needs. */
export interface ReportDeps {
  readonly db: Database;
  /** Who may report (`IN_USE_REPORTERS`). */
  readonly reporters: readonly Reporter[];
  /** For how many days what ended stays (`PULL_RECORD_DAYS`). */
  readonly keepDays: number;
}

/** What runs, as somebody says. */
export interface SaidReport {
  readonly name: string;
  readonly lifeSeconds: number;
  readonly images: readonly {
    readonly reference: string;
    readonly node: string;
    readonly service: string;
  }[];
}

/**
 * Takes a report of all that runs somewhere, in the place of the one before of the same reporter and name. What names nothing
 * that the reporter may pull is told back, hidden or not there alike.
 *
 * @param deps - ledger, and who may report
 * @param said - the report
 * @param by - who reports, what they may pull, and under which names clients reach this registry
 * @returns until when it counts, how many lines were taken, and what is not known
 * @throws Fault UNAUTHORIZED, DENIED, or REQUEST_INVALID for too many reports
 */
export async function takeReport(
  deps: ReportDeps,
  said: SaidReport,
  by: { readonly actor: AuditActor; readonly view: View; readonly hosts: readonly string[] },
) {
  const { uid, realm, kind } = by.actor;
  if (kind === "anonymous") throw new Fault("UNAUTHORIZED");
  if (!isReporter(deps.reporters, by.actor))
    throw new Fault("DENIED", { message: "only those of IN_USE_REPORTERS report what is in use" });
  const { name, lifeSeconds } = said;
  const { has } = readView(by.view);
  const unknown: string[] = [];
  const known: { readonly reference: string; readonly image: ReportedImage }[] = [];
  for (const { reference, node, service } of said.images) {
    const named = parseImageReference(reference, by.hosts);
    if (named === null || !isVisible(has, named.repository)) unknown.push(reference);
    else known.push({ reference, image: { ...named, node, service } });
  }
  return deps.db.transaction(async (tx) => {
    const report = await beginReport(tx, { uid, realm, name, lifeSeconds }, MOST_REPORTS);
    if (report === null)
      throw new Fault("REQUEST_INVALID", {
        message: `more than ${MOST_REPORTS} names: report under one that there is`,
      });
    const digests = await resolveImages(
      tx,
      known.map(({ image }) => image),
    );
    const running = known.flatMap(({ reference, image }, place) => {
      const found = digests[place] ?? [];
      if (found.length === 0) unknown.push(reference);
      return found.map((digest) => ({ ...image, digest }));
    });
    const keep = { days: deps.keepDays, lines: MOST_ENDED_LINES };
    await replaceLines(tx, report, running, keep);
    const { reportedAt, endsAt } = report;
    return { name, reportedAt, endsAt, taken: running.length, unknown: [...new Set(unknown)] };
  });
}
