import type { View } from "#access-policy/view.js";
import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Catalog } from "./catalog.js";
import { gramsOf, searchTerm } from "./grams.js";
import { noSuchRepository } from "./not-known.js";
import { pageOf, type Page } from "./page.js";
import { requireKey } from "./place.js";
import {
  describe,
  readOfTeam,
  readRepositories,
  readRepository,
  readWithGrams,
  REPOSITORY_ORDERS,
  setFlags,
  type RepositoryFlags,
  type RepositoryOrder,
  type RepositoryPlace,
  type RepositoryRow,
} from "./sql/repositories.js";
import type { Shown } from "./sql/shown.js";
import { FEW } from "./view-sets.js";

/** Which repositories are asked for. */
export interface RepositoriesAsked {
  readonly sort: RepositoryOrder;
  /** First component of their names; absent: whichever. */
  readonly team?: string;
  /** What is in their names; absent: anything. */
  readonly text?: string;
  /** Where the page before ended; absent: the first page. */
  readonly after?: RepositoryPlace;
  /** As many at most. */
  readonly limit: number;
}

/**
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: nothing else is in the list
 * @param asked - which of it
 * @returns repositories in the order asked for
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function listRepositories(
  catalog: Catalog,
  view: View,
  asked: RepositoriesAsked,
): Promise<Page<RepositoryRow, RepositoryPlace>> {
  const { db } = catalog;
  const { sort, team = null, after = null, limit } = asked;
  const text = searchTerm(asked.text ?? "");
  if (after !== null) requireKey(REPOSITORY_ORDERS[sort].type, after.key);
  const shown = await catalog.shown(view);
  const among = await fewest(db, shown, { team, text });
  const query = { sort, team, text, after, limit: limit + 1, among };
  const rows = await readRepositories(db, shown, query);
  const { items, next } = pageOf(rows, limit, ({ key, id }) => ({ key, id }));
  return { items: items.map(({ key: _, ...row }) => row), next };
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param fitting - the team (`null`: whichever), and what is in the names
 * @returns numbers of few repositories among which all are that fit; `null`: there are too many to go through one by one
 */
export async function fewest(
  db: Queryable,
  shown: Shown,
  { team, text }: { readonly team: string | null; readonly text: string },
): Promise<readonly number[] | null> {
  if (shown.few !== null) return shown.few;
  const most = FEW + 1;
  if (text !== "") {
    const found = await readWithGrams(db, shown, { term: text, grams: gramsOf(text), most });
    if (found.length <= FEW) return found;
  }
  if (team === null) return null;
  const found = await readOfTeam(db, shown, team, most);
  return found.length <= FEW ? found : null;
}

/**
 * @param catalog - what lists are read from
 * @param view - what the caller may pull
 * @param name - a repository
 * @returns what is known of it
 * @throws Fault NAME_UNKNOWN when there is none, or the caller may not know of it
 */
export async function oneRepository(
  catalog: Catalog,
  view: View,
  name: RepositoryName,
): Promise<RepositoryRow> {
  const { has } = await catalog.shown(view);
  const found = has(name) ? await readRepository(catalog.db, name) : null;
  if (found === null) throw noSuchRepository();
  return found;
}

/**
 * Says what a repository is, on the audit log.
 *
 * @param deps - ledger and audit log
 * @param said - what it is
 * @param actor - who says so, and may push there
 * @throws Fault NAME_UNKNOWN when nothing was ever pushed to it
 */
export async function describeRepository(
  deps: { readonly db: Catalog["db"]; readonly audit: RecordAudit },
  said: { readonly repository: RepositoryName; readonly description: string },
  actor: AuditActor,
): Promise<void> {
  const { repository, description } = said;
  await deps.db.transaction(async (tx) => {
    const before = await describe(tx, { repository, description, by: actor.uid });
    if (before === null) throw noSuchRepository();
    if (before === description) return;
    const entry = {
      action: "repository.described",
      actor,
      repository,
      tag: null,
      digest: null,
    } as const;
    await deps.audit(tx, { ...entry, reason: "described", detail: { before, description } });
  }, repository);
}

/**
 * Says whether a repository is official, and made automatically, on the audit log: `docker search` shows both.
 *
 * @param deps - ledger and audit log
 * @param said - what it is
 * @param actor - who says so: an administrator
 * @throws Fault NAME_UNKNOWN when nothing was ever pushed to it
 */
export async function flagRepository(
  deps: { readonly db: Catalog["db"]; readonly audit: RecordAudit },
  said: RepositoryFlags & { readonly repository: RepositoryName },
  actor: AuditActor,
): Promise<void> {
  const { repository, official, automated } = said;
  await deps.db.transaction(async (tx) => {
    const before = await setFlags(tx, repository, { official, automated });
    if (before === null) throw noSuchRepository();
    if (before.official === official && before.automated === automated) return;
    const what = { action: "repository.flagged", repository, tag: null, digest: null } as const;
    const detail = { before, official, automated };
    await deps.audit(tx, { ...what, actor, reason: "flagged", detail });
  }, repository);
}
