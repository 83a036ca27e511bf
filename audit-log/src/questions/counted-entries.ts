import type { Queryable } from "#service-kit/db/pool.js";
import { listEntries } from "../list-entries.js";
import { entryIn, type RecordedEntry } from "../recorded-entry.js";
import { isText } from "./change-in-words.js";

/** What somebody did, in numbers. */
export interface DeedsOfName {
  readonly uid: string;
  readonly realm: string;
  readonly kind: string;
  /** Entries that name them. */
  readonly entries: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** How often something happened. */
export interface CountedKind {
  /** Of refusals and failed logins by what: a rule, a code, a kind of login. */
  readonly kind: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Entries of a stretch of time, counted. */
export interface CountedEntries {
  readonly entries: number;
  readonly names: readonly DeedsOfName[];
  /** Names that there was no room for; their entries are counted. */
  readonly namesLeftOut: boolean;
  readonly actions: readonly CountedKind[];
  readonly refusals: readonly CountedKind[];
  readonly failedLogins: readonly CountedKind[];
  readonly drift: readonly CountedKind[];
}

/** A flood of names is counted, and not kept. */
const MOST_NAMES = 10_000;
const DRIFT = [
  "tag.drifted",
  "tag.missing",
  "tag.repaired",
  "manifest.missing-blob",
  "manifest.repaired",
];

/**
 * @param db - the audit log
 * @param stretch - from the first moment to before the last
 * @returns its entries, counted; of what is on record by its number, that number
 */
export async function countEntries(
  db: Queryable,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<CountedEntries> {
  const all = { repository: null, action: null, actor: null, tag: null, digest: null };
  const names = counter();
  const kinds = {
    actions: counter(),
    refusals: counter(),
    failedLogins: counter(),
    drift: counter(),
  };
  let entries = 0;
  for await (const { content } of listEntries(db, { since: from, until: to, ...all })) {
    entries += 1;
    const entry = entryIn(content);
    if (entry === null) continue;
    const { action, actor, at } = entry;
    kinds.actions.add(action, at, 1);
    if (actor.uid !== "") names.add(JSON.stringify([actor.uid, actor.realm, actor.kind]), at, 1);
    if (DRIFT.includes(action)) kinds.drift.add(action, at, 1);
    if (isRefusal(action)) kinds.refusals.add(refusalOf(entry), at, timesOf(entry));
    if (action === "login.failed") kinds.failedLogins.add(failureOf(entry), at, timesOf(entry));
  }
  return {
    entries,
    names: names.list().map(({ kind: key, count, ...times }) => {
      const [uid = "", realm = "", kind = ""] = JSON.parse(key) as string[];
      return { uid, realm, kind, entries: count, ...times };
    }),
    namesLeftOut: names.isFull(),
    actions: kinds.actions.list(),
    refusals: kinds.refusals.list(),
    failedLogins: kinds.failedLogins.list(),
    drift: kinds.drift.list(),
  };
}

const isRefusal = (action: string) => action === "tag.refused" || action === "access.refused";

function refusalOf({ action, detail, reason }: RecordedEntry): string {
  const by = [detail["code"], detail["rule"], reason].find(isText);
  return `${action}: ${by ?? ""}`;
}

function failureOf({ detail }: RecordedEntry): string {
  return [detail["shown"], detail["outcome"]].filter(isText).join(", ");
}

/** Repeated refusals of a tag are counted beside the first, which has an entry of its own. */
function timesOf({ detail }: RecordedEntry): number {
  const times = detail["count"] ?? detail["repeats"];
  return typeof times === "number" && times > 0 ? times : 1;
}

function counter() {
  const counted = new Map<string, { count: number; firstAt: string; lastAt: string }>();
  let full = false;
  return {
    add: (kind: string, at: string, times: number) => {
      const known = counted.get(kind);
      if (known !== undefined) {
        known.count += times;
        if (at > known.lastAt) known.lastAt = at;
      } else if (counted.size < MOST_NAMES)
        counted.set(kind, { count: times, firstAt: at, lastAt: at });
      else full = true;
    },
    isFull: () => full,
    list: (): CountedKind[] =>
      [...counted]
        .map(([kind, rest]) => ({ kind, ...rest }))
        .sort((one, other) => other.count - one.count || (one.kind < other.kind ? -1 : 1)),
  };
}
