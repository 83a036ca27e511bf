import { Fault } from "#registry-protocol/faults.js";
import type { AccessLimit } from "#access-policy/identity.js";
import type { AuditAction, AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { ROBOT_PREFIX } from "./robot-source.js";
import { hashSecret, newSecret } from "./secret-hash.js";
import { disableRobot, insertRobot, listRobots, rotateRobot, type Robot } from "./sql.js";

/** What managing robots needs. */
export interface RobotDeps {
  readonly db: Database;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Writes an audit entry into the transaction of the change that it is about. */
  readonly audit: RecordAudit;
}

/** Who manages, and whether they may. */
export interface Manager {
  readonly actor: AuditActor;
  readonly teams: readonly string[];
  readonly isAdministrator: boolean;
}

/** What a new robot is to be. */
export interface RobotRequest {
  readonly team: string;
  readonly name: string;
  readonly description: string;
  readonly grants: readonly AccessLimit[];
  readonly expiresInDays: number;
}

/** A robot and the secret that is shown this once. */
export interface RobotWithSecret {
  readonly robot: Robot;
  readonly secret: string;
}

const DAY_MILLISECONDS = 24 * 3600 * 1000;

/**
 * @param deps - database, clock, log
 * @param manager - who asks
 * @param request - what is wanted; grants have to lie below the team's own namespace
 * @returns the new robot with its secret
 * @throws Fault DENIED, REQUEST_INVALID, or CONFLICT when the name is taken
 */
export async function createRobot(
  deps: RobotDeps,
  manager: Manager,
  request: RobotRequest,
): Promise<RobotWithSecret> {
  requireMembership(manager, request.team);
  const stray = request.grants.find(
    ({ repositories }) => !repositories.startsWith(`${request.team}/`),
  );
  if (stray !== undefined)
    throw new Fault("REQUEST_INVALID", {
      message: `grants: ${stray.repositories} is not below ${request.team}/`,
    });
  const secret = newSecret();
  const { expiresInDays, ...wanted } = request;
  const made = {
    ...wanted,
    login: `${ROBOT_PREFIX}${slug(request.team)}-${request.name}`,
    secretHash: await hashSecret(secret),
    createdBy: manager.actor.uid,
    expiresAt: expiry(deps, expiresInDays),
  };
  const robot = await changeRobot(deps, manager, "robot.created", (tx) => insertRobot(tx, made));
  if (robot === null)
    throw new Fault("CONFLICT", { message: `a robot "${request.name}" exists already` });
  return { robot, secret };
}

/** @returns the team's robots. @throws Fault DENIED */
export async function robotsOfTeam(
  deps: RobotDeps,
  manager: Manager,
  team: string,
): Promise<Robot[]> {
  requireMembership(manager, team);
  return listRobots(deps.db, team);
}

/** @returns the robot with a new secret; the old one stops at once. @throws Fault DENIED or NOT_FOUND */
export async function renewRobotSecret(
  deps: RobotDeps,
  manager: Manager,
  target: { team: string; name: string; expiresInDays: number },
): Promise<RobotWithSecret> {
  requireMembership(manager, target.team);
  const secret = newSecret();
  const { expiresInDays, ...robotName } = target;
  const renewed = {
    ...robotName,
    secretHash: await hashSecret(secret),
    expiresAt: expiry(deps, expiresInDays),
  };
  const robot = await changeRobot(deps, manager, "robot.rotated", (tx) => rotateRobot(tx, renewed));
  if (robot === null) throw unknownRobot(target.name);
  return { robot, secret };
}

/** @returns the robot, switched off or on. @throws Fault DENIED or NOT_FOUND */
export async function switchRobot(
  deps: RobotDeps,
  manager: Manager,
  target: { team: string; name: string; enabled: boolean },
): Promise<Robot> {
  requireMembership(manager, target.team);
  const { team, name, enabled } = target;
  const by = enabled ? null : manager.actor.uid;
  const action = enabled ? "robot.enabled" : "robot.disabled";
  const robot = await changeRobot(deps, manager, action, (tx) =>
    disableRobot(tx, { team, name, by }),
  );
  if (robot === null) throw unknownRobot(name);
  return robot;
}

function requireMembership(manager: Manager, team: string): void {
  if (manager.isAdministrator || manager.teams.includes(team)) return;
  throw new Fault("DENIED", { message: `${manager.actor.uid} is not in team ${team}` });
}

function unknownRobot(name: string): Fault {
  return new Fault("NOT_FOUND", { message: `there is no robot "${name.slice(0, 80)}"` });
}

function expiry(deps: RobotDeps, days: number): Date {
  return new Date(deps.now() + days * DAY_MILLISECONDS);
}

/** Makes a change and puts it on record, both or neither. */
async function changeRobot(
  deps: RobotDeps,
  manager: Manager,
  action: Extract<AuditAction, `robot.${string}`>,
  change: (tx: Queryable) => Promise<Robot | null>,
): Promise<Robot | null> {
  const { actor } = manager;
  const robot = await deps.db.transaction(async (tx) => {
    const changed = await change(tx);
    if (changed === null) return null;
    const { login, team, grants, expiresAt } = changed;
    await deps.audit(tx, {
      action,
      actor,
      repository: null,
      tag: null,
      digest: null,
      reason: manager.teams.includes(team) ? "member of the team" : "administrator",
      detail: { login, team, grants, expiresAt: expiresAt.toISOString() },
    });
    return changed;
  });
  if (robot !== null)
    deps.log.info({ event: action, actor: actor.uid, robot: robot.login, team: robot.team });
  return robot;
}

/** Team names may hold dots and underscores; user names of robots may not. */
function slug(team: string): string {
  return team.replace(/[^a-z0-9-]/g, "-");
}
