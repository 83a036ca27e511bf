import { newestEntries } from "#audit-log/list-entries.js";
import { entryIn } from "#audit-log/recorded-entry.js";
import type { AuditAction } from "#audit-log/entry.js";
import type { EntryRow } from "#audit-log/sql/entries.js";
import { readInstallation } from "#rest-api/operations/installation.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Readiness } from "#service-kit/readiness.js";
import { readCanary } from "../mode/canary-sql.js";
import type { Upstream } from "../upstream/upstream.js";
import { registryLine } from "../upstream/registry-line.js";
import { implement, type Implementation } from "./implement.js";
import { databaseFacts } from "./sql/database-facts.js";
import { VERSION } from "./version.js";

/** What telling of the installation needs. */
export interface InstallationDeps {
  readonly db: Queryable;
  readonly upstream: Pick<Upstream, "listRepositories" | "listTags">;
  readonly readiness: () => Promise<Readiness>;
}

const MOST_STEPS = 10;
const MOST_COUNTED = 1_000;
const ALL = {
  ...{ since: new Date(0), until: new Date("9999-12-31") },
  ...{ repository: null, actor: null, tag: null, digest: null },
};

/**
 * @param deps - database, registry, and whether a push would work
 * @returns the operation about the installation as a whole
 */
export function installationOperations(deps: InstallationDeps): readonly Implementation[] {
  return [
    implement(readInstallation, async () => {
      const { db } = deps;
      const [health, database, line, garbage] = await Promise.all([
        deps.readiness(),
        databaseFacts(db),
        registryLine(deps.upstream),
        garbageOnRecord(db),
      ]);
      return {
        body: {
          gateway: { version: VERSION, node: process.version },
          ...{ database, registry: { line } },
          ...{ ready: health.ready, checks: checksIn(health), warnings: health.warnings },
          garbage,
        },
      };
    }),
  ];
}

function checksIn({ checks, reasons }: Readiness) {
  return Object.entries(checks).map(([name, outcome]) => ({
    ...{ name, works: outcome === "ok", reason: reasons[name] ?? null },
  }));
}

async function garbageOnRecord(db: Queryable) {
  const newest = (action: AuditAction, limit: number, since = ALL.since) =>
    newestEntries(db, { ...ALL, action, since }, { limit });
  const [canary, begun, ended] = await Promise.all([
    readCanary(db),
    newest("garbage.begun", MOST_STEPS),
    newest("garbage.ended", MOST_STEPS),
  ]);
  const steps = [...begun.flatMap(stepOf("begun")), ...ended.flatMap(stepOf("ended"))]
    .sort((one, other) => other.at.localeCompare(one.at))
    .slice(0, MOST_STEPS);
  const last = steps.find(({ step, of }) => step === "ended" && of === "blobs");
  const since = last === undefined ? ALL.since : new Date(last.at);
  const deleted = await newest("manifest.deleted", MOST_COUNTED, since);
  return { unproven: canary !== null, deletedSince: deleted.length, steps };
}

function stepOf(step: "begun" | "ended") {
  return ({ content }: EntryRow) => {
    const entry = entryIn(content);
    if (entry === null) return [];
    const { at, actor, reason, detail } = entry;
    return [{ at: new Date(at).toISOString(), step, by: actor.uid, of: reason, detail }];
  };
}
