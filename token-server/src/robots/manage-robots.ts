import type { Policy } from "#access-policy/compile.js";
import { Fault } from "#registry-protocol/faults.js";
import type { AccessLimit } from "#access-policy/identity.js";
import type { AuditAction } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { databaseMilliseconds } from "#service-kit/db/time.js";
import type { Logger } from "#service-kit/log.js";
import type { CurrentPolicy } from "../policy/watch.js";
import { requireGrants, requireManagement, type Manager } from "./authority.js";
import { endOf, keptEnd, overlapEnd, type LifetimeDeps } from "./lifetime.js";
import { robotLogins } from "./robot-login.js";
import { hashSecret, newSecret } from "./secret-hash.js";
import {
  disableRobot,
  enableRobot,
  insertRobot,
  listRobots,
  readRobot,
  rotateRobot,
  type Robot,
  type RobotName,
  type Voucher,
} from "./sql.js";

/** What managing robots needs. */
export interface RobotDeps {
  readonly db: Database;
  readonly policy: CurrentPolicy;
  /** Longest life of a robot, in days. */
  readonly robotMaxDays: number;
  readonly log: Logger;
  /** Writes an audit entry into the transaction of the change that it is about. */
  readonly audit: RecordAudit;
}

/** What a new robot is to be. */
export interface RobotRequest extends RobotName {
  readonly description: string;
  readonly grants: readonly AccessLimit[];
  /** `null`: as long as robots live when nothing is said. */
  readonly expiresInDays: number | null;
}

/** A robot and the secret that is shown this once. */
export interface RobotWithSecret {
  readonly robot: Robot;
  readonly secret: string;
}

/**
 * @param deps - database, policy, log
 * @param manager - who asks
 * @param request - what is wanted; grants have to lie below the team's own namespace
 * @returns the new robot with its secret
 * @throws Fault DENIED, also for grants that are not the manager's own; REQUEST_INVALID; CONFLICT when the team
 *   has one of that name
 */
export async function createRobot(
  deps: RobotDeps,
  manager: Manager,
  request: RobotRequest,
): Promise<RobotWithSecret> {
  const policy = rulesFor(deps, manager);
  requireManagement(policy, manager, request.team);
  const stray = request.grants.find(
    ({ repositories }) => !repositories.startsWith(`${request.team}/`),
  );
  if (stray !== undefined)
    throw new Fault("REQUEST_INVALID", {
      message: `grants: ${stray.repositories} is not below ${request.team}/`,
    });
  const { expiresInDays, ...wanted } = request;
  const expiresAt = endOf(await lifetimeOf(deps), expiresInDays);
  await requireGrants(policy, manager, request.grants);
  const secret = newSecret();
  const made = {
    ...wanted,
    service: manager.registry,
    secretHash: await hashSecret(secret),
    createdBy: manager.actor.uid,
    vouchedBy: voucherOf(manager),
    expiresAt,
  };
  const [plain, apart] = robotLogins(request);
  const robot = await changeRobot(
    deps,
    manager,
    "robot.created",
    async (tx) =>
      (await insertRobot(tx, { ...made, login: plain })) ??
      (await insertRobot(tx, { ...made, login: apart })),
  );
  if (robot === null)
    throw new Fault("CONFLICT", {
      message: `a robot "${request.name}" of team "${request.team}" exists already`,
    });
  return { robot, secret };
}

/** @returns the team's robots. @throws Fault DENIED */
export async function robotsOfTeam(
  deps: RobotDeps,
  manager: Manager,
  team: string,
): Promise<Robot[]> {
  requireManagement(rulesFor(deps, manager), manager, team);
  return listRobots(deps.db, team);
}

/**
 * @param deps - database, policy, log
 * @param manager - who asks
 * @param target - which robot; `expiresInDays` is `null` where it keeps its end, `overlapHours` is how long the old secret
 *   is good, too: 0 ends it at once
 * @returns the robot with a new secret
 * @throws Fault DENIED, also for grants that are not the manager's own; NOT_FOUND, REQUEST_INVALID, CONFLICT
 */
export async function renewRobotSecret(
  deps: RobotDeps,
  manager: Manager,
  target: RobotName & { expiresInDays: number | null; overlapHours: number },
): Promise<RobotWithSecret> {
  const { expiresInDays, overlapHours, ...which } = target;
  const known = await robotInHand(deps, manager, which);
  const lifetime = await lifetimeOf(deps);
  const expiresAt =
    expiresInDays === null ? keptEnd(lifetime, known) : endOf(lifetime, expiresInDays);
  await requireGrants(rulesFor(deps, manager), manager, known.grants);
  const secret = newSecret();
  const secretHash = await hashSecret(secret);
  const previousEndsAt = overlapEnd(lifetime, overlapHours, expiresAt);
  const renewed = {
    ...which,
    secretHash,
    expiresAt,
    vouchedBy: voucherOf(manager),
    previousEndsAt,
  };
  const robot = await changeRobot(deps, manager, "robot.rotated", (tx) => rotateRobot(tx, renewed));
  if (robot === null) throw unknownRobot(which);
  return { robot, secret };
}

/**
 * @param deps - database, policy, log
 * @param manager - who asks
 * @param target - which robot, and whether it is to be on or off; what is on again ends when it would have
 * @returns the robot
 * @throws Fault DENIED, to switch it on also for grants that are not the manager's own; NOT_FOUND, CONFLICT
 */
export async function switchRobot(
  deps: RobotDeps,
  manager: Manager,
  target: RobotName & { enabled: boolean },
): Promise<Robot> {
  const { enabled, ...which } = target;
  const known = await robotInHand(deps, manager, which);
  const robot = enabled
    ? await switchOn(deps, manager, known)
    : await changeRobot(deps, manager, "robot.disabled", (tx) =>
        disableRobot(tx, { ...which, by: manager.actor.uid }),
      );
  if (robot === null) throw unknownRobot(which);
  return robot;
}

async function switchOn(deps: RobotDeps, manager: Manager, known: Robot): Promise<Robot | null> {
  const { team, name, grants } = known;
  const expiresAt = keptEnd(await lifetimeOf(deps), known);
  await requireGrants(rulesFor(deps, manager), manager, grants);
  const wanted = { team, name, expiresAt, vouchedBy: voucherOf(manager) };
  return changeRobot(deps, manager, "robot.enabled", (tx) => enableRobot(tx, wanted));
}

/** Ends that all token servers go by are reckoned by the one clock that they share. */
async function lifetimeOf({ db, robotMaxDays }: RobotDeps): Promise<LifetimeDeps> {
  const at = await databaseMilliseconds(db);
  return { robotMaxDays, now: () => at };
}

/** Of the registry that a manager asks at, where their robots log in. */
function rulesFor({ policy }: RobotDeps, { registry }: Manager): Policy {
  return policy.current(registry ?? undefined);
}

/** Whoever may not manage a team's robots learns nothing of them. A robot's grants never change. */
async function robotInHand(deps: RobotDeps, manager: Manager, which: RobotName): Promise<Robot> {
  requireManagement(rulesFor(deps, manager), manager, which.team);
  const robot = await readRobot(deps.db, which);
  if (robot === null) throw unknownRobot(which);
  return robot;
}

function unknownRobot({ name }: RobotName): Fault {
  return new Fault("NOT_FOUND", { message: `there is no robot "${name.slice(0, 80)}"` });
}

function voucherOf({ identity, teams }: Manager): Voucher {
  const { kind, realm, uid, scopes, claims } = identity;
  return { kind, realm, uid, scopes, claims, teams };
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
    const { login, service, team, grants, expiresAt, previousEndsAt } = changed;
    await deps.audit(tx, {
      action,
      actor,
      repository: null,
      tag: null,
      digest: null,
      reason: manager.teams.includes(team) ? "member of the team" : "administrator",
      detail: {
        ...{ login, team, grants, expiresAt: expiresAt.toISOString() },
        ...(service === null ? {} : { service }),
        ...(previousEndsAt === null || action !== "robot.rotated"
          ? {}
          : { previousEndsAt: previousEndsAt.toISOString() }),
      },
    });
    return changed;
  });
  if (robot !== null)
    deps.log.info({ event: action, actor: actor.uid, robot: robot.login, team: robot.team });
  return robot;
}
