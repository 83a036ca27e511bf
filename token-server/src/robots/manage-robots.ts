import { Fault } from "#registry-protocol/faults.js";
import type { AccessLimit } from "#access-policy/identity.js";
import type { Database } from "#service-kit/db/pool.js";
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
}

/** Who manages, and whether they may. */
export interface Manager {
  readonly uid: string;
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
  const robot = await insertRobot(deps.db, {
    login: `${ROBOT_PREFIX}${slug(request.team)}-${request.name}`,
    team: request.team,
    name: request.name,
    description: request.description,
    grants: request.grants,
    secretHash: await hashSecret(secret),
    createdBy: manager.uid,
    expiresAt: expiry(deps, request.expiresInDays),
  });
  if (robot === null)
    throw new Fault("CONFLICT", { message: `a robot "${request.name}" exists already` });
  audit(deps, manager, "robot.created", robot);
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
  const robot = await rotateRobot(deps.db, {
    team: target.team,
    name: target.name,
    secretHash: await hashSecret(secret),
    expiresAt: expiry(deps, target.expiresInDays),
  });
  if (robot === null) throw unknownRobot(target.name);
  audit(deps, manager, "robot.rotated", robot);
  return { robot, secret };
}

/** @returns the robot, switched off or on. @throws Fault DENIED or NOT_FOUND */
export async function switchRobot(
  deps: RobotDeps,
  manager: Manager,
  target: { team: string; name: string; enabled: boolean },
): Promise<Robot> {
  requireMembership(manager, target.team);
  const by = target.enabled ? null : manager.uid;
  const robot = await disableRobot(deps.db, { team: target.team, name: target.name, by });
  if (robot === null) throw unknownRobot(target.name);
  audit(deps, manager, target.enabled ? "robot.enabled" : "robot.disabled", robot);
  return robot;
}

function requireMembership(manager: Manager, team: string): void {
  if (manager.isAdministrator || manager.teams.includes(team)) return;
  throw new Fault("DENIED", { message: `${manager.uid} is not in team ${team}` });
}

function unknownRobot(name: string): Fault {
  return new Fault("NOT_FOUND", { message: `there is no robot "${name.slice(0, 80)}"` });
}

function expiry(deps: RobotDeps, days: number): Date {
  return new Date(deps.now() + days * DAY_MILLISECONDS);
}

function audit(deps: RobotDeps, manager: Manager, event: string, robot: Robot): void {
  deps.log.info({ event, actor: manager.uid, robot: robot.login, team: robot.team });
}

/** Team names may hold dots and underscores; user names of robots may not. */
function slug(team: string): string {
  return team.replace(/[^a-z0-9-]/g, "-");
}
