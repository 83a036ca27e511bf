import type { AccessLimit, Identity } from "#access-policy/identity.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A service account as its team sees it; without its secret. */
export interface Robot {
  /** User name of its login. */
  readonly login: string;
  /** The registry that it logs in at; `null`: the one of the configuration. */
  readonly service: string | null;
  readonly team: string;
  readonly name: string;
  readonly description: string;
  readonly grants: readonly AccessLimit[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly rotatedAt: Date;
  readonly expiresAt: Date;
  readonly disabledAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** Until when the secret from before the last rotation is good, too; `null`: it ended then. */
  readonly previousEndsAt: Date | null;
}

/** Whoever made, rotated or enabled a robot last, as the policy saw them. */
export type Voucher = Pick<Identity, "kind" | "realm" | "uid" | "scopes" | "claims"> & {
  readonly teams: readonly string[];
};

/** A robot that is being made. */
export interface NewRobot {
  readonly login: string;
  readonly service: string | null;
  readonly team: string;
  readonly name: string;
  readonly description: string;
  readonly grants: readonly AccessLimit[];
  readonly secretHash: string;
  readonly createdBy: string;
  readonly vouchedBy: Voucher;
  readonly expiresAt: Date;
}

const COLUMNS = `login, service, team, name, description, grants, created_by as "createdBy",
  created_at as "createdAt", rotated_at as "rotatedAt", expires_at as "expiresAt",
  disabled_at as "disabledAt", last_used_at as "lastUsedAt", previous_ends_at as "previousEndsAt"`;

/** What a robot's secret is compared with. */
export interface SecretHashes {
  readonly secretHash: string;
  /** That of before the last rotation; `null`: it ended then. */
  readonly previousHash: string | null;
  /** When they were read, by the clock that their ends go by: the database's, in milliseconds since the epoch. */
  readonly readAt: number;
}

/** @returns the new robot, or `null` when its name or login is taken */
export async function insertRobot(db: Queryable, robot: NewRobot): Promise<Robot | null> {
  const { rows } = await db.query<Robot>(
    `insert into token_server.robot
       (login, team, name, description, grants, secret_hash, created_by, expires_at, vouched_by, service)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict do nothing returning ${COLUMNS}`,
    [
      robot.login,
      robot.team,
      robot.name,
      robot.description,
      JSON.stringify(robot.grants),
      robot.secretHash,
      robot.createdBy,
      robot.expiresAt,
      JSON.stringify(robot.vouchedBy),
      robot.service,
    ],
  );
  return rows[0] ?? null;
}

/** @returns the team's robots by name, at most 500 */
export async function listRobots(db: Queryable, team: string): Promise<Robot[]> {
  const { rows } = await db.query<Robot>(
    `select ${COLUMNS} from token_server.robot where team = $1 order by name limit 500`,
    [team],
  );
  return rows;
}

/** @returns user name of some robot, or `null` when there is none */
export async function anyRobot(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ login: string }>(
    "select login from token_server.robot order by created_at limit 1",
  );
  return rows[0]?.login ?? null;
}

/** @returns the robot with this user name and the hashes of its secrets */
export async function findRobot(
  db: Queryable,
  login: string,
): Promise<(Robot & SecretHashes) | null> {
  const { rows } = await db.query<Robot & SecretHashes>(
    `select ${COLUMNS}, secret_hash as "secretHash", previous_secret_hash as "previousHash",
            extract(epoch from clock_timestamp())::float8 * 1000 as "readAt"
     from token_server.robot where login = $1`,
    [login],
  );
  return rows[0] ?? null;
}

/** Which robot of a team. */
export interface RobotName {
  readonly team: string;
  readonly name: string;
}

/** @returns the team's robot of this name, or `null` when there is none */
export async function readRobot(db: Queryable, { team, name }: RobotName): Promise<Robot | null> {
  const { rows } = await db.query<Robot>(
    `select ${COLUMNS} from token_server.robot where team = $1 and name = $2`,
    [team, name],
  );
  return rows[0] ?? null;
}

/** @returns the robot with its new secret, and the old one until then; `null` when there is none */
export async function rotateRobot(
  db: Queryable,
  robot: RobotName & {
    secretHash: string;
    expiresAt: Date;
    vouchedBy: Voucher;
    previousEndsAt: Date | null;
  },
): Promise<Robot | null> {
  const { rows } = await db.query<Robot>(
    `update token_server.robot
     set secret_hash = $3, expires_at = $4, rotated_at = now(), vouched_by = $5, previous_ends_at = $6,
         previous_secret_hash = case when $6::timestamptz is null then null else secret_hash end
     where team = $1 and name = $2 returning ${COLUMNS}`,
    [
      ...[robot.team, robot.name, robot.secretHash, robot.expiresAt],
      ...[JSON.stringify(robot.vouchedBy), robot.previousEndsAt],
    ],
  );
  return rows[0] ?? null;
}

/** @returns the robot, switched off; `null` when there is none */
export async function disableRobot(
  db: Queryable,
  robot: RobotName & { by: string },
): Promise<Robot | null> {
  const { rows } = await db.query<Robot>(
    `update token_server.robot
     set disabled_by = coalesce(disabled_by, $3), disabled_at = coalesce(disabled_at, now())
     where team = $1 and name = $2 returning ${COLUMNS}`,
    [robot.team, robot.name, robot.by],
  );
  return rows[0] ?? null;
}

/** @returns the robot, switched on again until then, or until its end where that is sooner; `null` when there is none */
export async function enableRobot(
  db: Queryable,
  robot: RobotName & { expiresAt: Date; vouchedBy: Voucher },
): Promise<Robot | null> {
  const { rows } = await db.query<Robot>(
    `update token_server.robot
     set disabled_by = null, disabled_at = null, expires_at = least(expires_at, $3), vouched_by = $4
     where team = $1 and name = $2 returning ${COLUMNS}`,
    [robot.team, robot.name, robot.expiresAt, JSON.stringify(robot.vouchedBy)],
  );
  return rows[0] ?? null;
}

/** @returns robots that can log in at that time, after `after` by login, at most `most`, with who vouches for each */
export async function listLivingRobots(
  db: Queryable,
  { after, most, at }: { after: string; most: number; at: Date },
): Promise<(Robot & { vouchedBy: Voucher | null })[]> {
  const { rows } = await db.query<Robot & { vouchedBy: Voucher | null }>(
    `select ${COLUMNS}, vouched_by as "vouchedBy" from token_server.robot
     where login > $1 and disabled_at is null and expires_at > $3
     order by login limit $2`,
    [after, most, at],
  );
  return rows;
}

/** Notes a login; at most one write a minute, whatever a busy pipeline does. */
export async function touchRobot(db: Queryable, login: string): Promise<void> {
  await db.query(
    `update token_server.robot set last_used_at = now()
     where login = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [login],
  );
}
