import { Fault } from "#registry-protocol/faults.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type {
  AccountGuard,
  Credentials,
  IdentitySource,
  Login,
} from "../identity/identity-source.js";
import { makeLogin } from "../identity/make-login.js";
import { keptSecrets, type KeptSecret } from "./kept-secret.js";
import { ROBOT_PREFIX } from "./robot-login.js";
import { findRobot, touchRobot, type Robot, type SecretHashes } from "./sql.js";

/**
 * Logins of service accounts, `robot-<team>-<name>:<secret>`.
 *
 * @param db - where robots are
 * @param ownService - the registry of those that were made for no other
 * @returns the identity source; a robot that is disabled or over is refused at once, only the slow check of
 *   an unchanged secret is remembered
 */
export function robotSource(db: Queryable, ownService: string): IdentitySource {
  const robots = impatient(db, "token_server.robot");
  const isRight = keptSecrets();
  return {
    name: "robot",
    accepts: ({ username }) => username.startsWith(ROBOT_PREFIX),
    verify: async ({ username, password }: Credentials, accounts?: AccountGuard) => {
      const robot = await findRobot(robots, username);
      if (robot !== null) await accounts?.known(robot.login);
      const right = await isRight(password.reveal(), robot && keptSecretOf(robot));
      if (robot === null || !right) throw refused("user name or secret is wrong");
      const login = loginOfRobot(robot, robot.readAt);
      await touchRobot(robots, robot.login);
      return { ...login, registry: robot.service ?? ownService };
    },
  };
}

/** By the clock that its end was set by. */
function keptSecretOf(robot: Robot & SecretHashes): KeptSecret {
  const { secretHash, previousHash, previousEndsAt, readAt } = robot;
  const isPreviousGood = previousEndsAt !== null && previousEndsAt.getTime() > readAt;
  return { secretHash, previousHash: isPreviousGood ? previousHash : null };
}

/**
 * @param robot - a robot
 * @param now - current time in milliseconds since the epoch
 * @returns its login, once its secret was right
 * @throws Fault UNAUTHORIZED when it is disabled, or its end has come
 */
export function loginOfRobot(robot: Robot, now: number): Login {
  if (robot.disabledAt !== null) throw refused("this robot is disabled");
  if (robot.expiresAt.getTime() <= now) throw refused("this robot's secret has expired");
  const login = makeLogin("robot", {
    uid: robot.login,
    realm: "/robots",
    claims: { team: robot.team },
    limits: robot.grants,
    teams: [],
    validUntil: Math.floor(robot.expiresAt.getTime() / 1000),
  });
  return { ...login, accessToken: null, madeBy: robot.createdBy };
}

function refused(message: string): Fault {
  return new Fault("UNAUTHORIZED", { message });
}
