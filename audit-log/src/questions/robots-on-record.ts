import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "../entry.js";
import { listEntries, newestEntries } from "../list-entries.js";
import { entryIn } from "../recorded-entry.js";
import { isText } from "./change-in-words.js";

/** A robot as the audit log tells of it. */
export interface RobotOnRecord {
  readonly login: string;
  readonly team: string;
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  /** When its secret was made. */
  readonly rotatedAt: string | null;
  readonly expiresAt: string | null;
  readonly disabledAt: string | null;
  /** How old it was at the end of the report, in days. */
  readonly ageDays: number | null;
  /** When it last pushed, was refused, or pulled; `null`: never, as far as it is on record. */
  readonly lastUsedAt: string | null;
}

const ACTIONS: readonly AuditAction[] = [
  ...(["robot.created", "robot.rotated", "robot.disabled", "robot.enabled"] as const),
];
const DAY_MILLISECONDS = 86_400_000;
type Known = {
  -readonly [Key in keyof Omit<RobotOnRecord, "ageDays" | "lastUsedAt">]: RobotOnRecord[Key];
};

/**
 * @param db - the audit log
 * @param until - a moment
 * @param pulledAt - when somebody pulled last, by name, RFC 3339
 * @returns every robot that there was by then, by login
 */
export async function robotsOnRecord(
  db: Queryable,
  until: Date,
  pulledAt: ReadonlyMap<string, string>,
): Promise<RobotOnRecord[]> {
  const robots = await knownRobots(db, until);
  const found: RobotOnRecord[] = [];
  for (const robot of robots) {
    const wrote = await lastDeed(db, robot.login, until);
    const times = [wrote, pulledAt.get(robot.login) ?? null].filter((one) => one !== null);
    const { createdAt } = robot;
    const age = createdAt === null ? null : until.getTime() - Date.parse(createdAt);
    found.push({
      ...robot,
      ageDays: age === null ? null : Math.floor(age / DAY_MILLISECONDS),
      lastUsedAt: times.sort().at(-1) ?? null,
    });
  }
  return found;
}

async function knownRobots(db: Queryable, until: Date): Promise<Known[]> {
  const robots = new Map<string, Known>();
  const entries = [];
  for (const action of ACTIONS)
    for await (const row of listEntries(db, filterOf(until, { action }))) {
      const entry = entryIn(row.content);
      if (entry !== null) entries.push(entry);
    }
  for (const { action, at, actor, detail } of entries.sort((a, b) => (a.at < b.at ? -1 : 1))) {
    const { login, team, expiresAt } = detail;
    if (!isText(login)) continue;
    const robot = robots.get(login) ?? unknownRobot(login);
    robots.set(login, robot);
    if (isText(team)) robot.team = team;
    if (isText(expiresAt)) robot.expiresAt = expiresAt;
    if (action === "robot.created") Object.assign(robot, { createdAt: at, createdBy: actor.uid });
    if (action === "robot.created" || action === "robot.rotated") robot.rotatedAt = at;
    // Who disabled it first did it: a later one changes nothing.
    if (action === "robot.disabled") robot.disabledAt ??= at;
    if (action === "robot.enabled") robot.disabledAt = null;
  }
  return [...robots.values()].sort((one, other) => (one.login < other.login ? -1 : 1));
}

function unknownRobot(login: string): Known {
  return {
    ...{ login, team: "", createdAt: null, createdBy: null, rotatedAt: null },
    ...{ expiresAt: null, disabledAt: null },
  };
}

async function lastDeed(db: Queryable, actor: string, until: Date): Promise<string | null> {
  const [last] = await newestEntries(db, filterOf(until, { actor }), { limit: 1 });
  return last?.at ?? null;
}

function filterOf(until: Date, more: { readonly action?: AuditAction; readonly actor?: string }) {
  const { action = null, actor = null } = more;
  return { since: new Date(0), until, action, actor, repository: null, tag: null, digest: null };
}
