import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { sourceOf } from "#service-kit/http/source.js";
import { SYSTEM, type AuditActor, type AuditEntry } from "./entry.js";
import type { RecordAudit } from "./record-audit.js";
import { databaseMilliseconds } from "#service-kit/db/time.js";

/** Puts on record what anybody may do as often as they like: once a minute, with how often it was. */
export interface Tally extends Component {
  note(entry: AuditEntry): void;
  /** Puts on record what was noted; keeps it for the next time when that is not possible. */
  flush(): Promise<void>;
}

/** What keeping a tally needs. */
export interface TallyDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly log: Pick<Logger, "warn">;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/** Entries of one kind that one may cause in a minute; what is more is one entry. */
export const MOST_OF_ONE = 10;
/** Entries of one kind of all who are known in a minute, and as many of all who are not; what is more is one entry, too. */
export const MOST_OF_ALL = 100;
/** Why an entry counts what is not told apart. */
export const MORE_OF_ONE = "more than are told apart";
export const MORE_OF_ALL = "more of many than are told apart";

const LOOK_MILLISECONDS = 60_000;

interface Row {
  /** See {@link countedFor}. */
  readonly by: string;
  readonly entry: AuditEntry;
  readonly isKnown: boolean;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/**
 * What is the same but for its time, its request and its program is one entry. Nobody's goes for another's: each has a bound of
 * their own for each kind of entry, and those who logged in have another one in all than those who did not.
 *
 * @param deps - database, audit log, clock
 * @returns a component that writes every minute and when it is stopped
 */
export function openTally(deps: TallyDeps): Tally {
  const failing = lastingWarning(deps.log, "audit.tally-waits");
  let rows = new Map<string, Row>();
  const note = (entry: AuditEntry): void => {
    const now = deps.now();
    const isKnown = entry.actor.uid !== "";
    add(rows, { by: countedFor(entry.actor), entry, isKnown, count: 1, first: now, last: now });
  };
  const flush = async (): Promise<void> => {
    if (rows.size === 0) return;
    const taken = rows;
    rows = new Map();
    try {
      await write(deps, [...taken.values()]);
      failing.worked();
    } catch (error) {
      const meanwhile = rows;
      rows = taken;
      for (const row of meanwhile.values()) add(rows, row);
      failing.failed(error, { entries: rows.size });
    }
  };
  const component = repeating("tally", LOOK_MILLISECONDS, async () => {
    await flush();
    return LOOK_MILLISECONDS;
  });
  const stop = async () => {
    await component.stop();
    await flush();
  };
  return { ...component, note, flush, stop };
}

/**
 * @param actor - whom an entry names
 * @returns whose bounds it counts against: a login's, or an address's where nobody is known
 */
export function countedFor({ uid, realm, kind, address }: AuditActor): string {
  return uid === "" ? sourceOf(address) : JSON.stringify([uid, realm, kind]);
}

/** When it was is reckoned back from the database's clock, which all entries go by. */
async function write({ db, audit, now }: TallyDeps, rows: readonly Row[]): Promise<void> {
  await db.transaction(async (tx) => {
    const at = await databaseMilliseconds(tx);
    const steady = now();
    const told = (moment: number) => new Date(at - (steady - moment)).toISOString();
    for (const { entry, count, first, last } of rows) {
      const detail = { ...entry.detail, count, firstAt: told(first), lastAt: told(last) };
      await audit(tx, { ...entry, detail });
    }
  });
}

function add(rows: Map<string, Row>, row: Row): void {
  const entry = entryFor(rows, row);
  const key = keyOf(entry);
  const before = rows.get(key);
  const known = before ?? { ...row, entry, count: 0 };
  rows.set(key, { ...known, count: known.count + row.count, last: row.last });
}

/** @returns its own, or one that it has to share */
function entryFor(rows: ReadonlyMap<string, Row>, { by, entry, isKnown }: Row): AuditEntry {
  if (rows.has(keyOf(entry))) return entry;
  // What everybody does all day, such as to log in, takes no place of what somebody was refused.
  const alike = [...rows.values()].filter(
    (row) => row.isKnown === isKnown && row.entry.action === entry.action,
  );
  const own = alike.filter((row) => row.by === by).length;
  if (own >= MOST_OF_ONE) return { ...entry, ...NOTHING, reason: MORE_OF_ONE, detail: {} };
  if (alike.length < MOST_OF_ALL) return entry;
  const { action } = entry;
  const detail = { by: isKnown ? "logins" : "addresses" };
  return { action, actor: SYSTEM, ...NOTHING, reason: MORE_OF_ALL, detail };
}

const NOTHING = { repository: null, tag: null, digest: null };

function keyOf({ action, actor, repository, tag, reason, detail }: AuditEntry): string {
  const { uid, realm, kind, address } = actor;
  return JSON.stringify([action, uid, realm, kind, address, repository, tag, reason, detail]);
}
