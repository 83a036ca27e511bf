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
import { provenSecrets } from "../identity/safeguards/proven-secrets.js";
import { ROBOT_PREFIX } from "./robot-login.js";
import { hashSecret, newSecret, verifySecret } from "./secret-hash.js";
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
  const isProven = provenSecrets();
  const unknownHash = hashSecret(newSecret());
  return {
    name: "robot",
    accepts: ({ username }) => username.startsWith(ROBOT_PREFIX),
    verify: async ({ username, password }: Credentials, accounts?: AccountGuard) => {
      const robot = await findRobot(robots, username);
      if (robot !== null) await accounts?.known(robot.login);
      // An unknown name costs as much as a wrong secret, so that names cannot be found by the clock.
      const stored = robot?.secretHash ?? (await unknownHash);
      const secret = password.reveal();
      const isSecret = (hash: string) => isProven(secret, hash, () => verifySecret(secret, hash));
      const right = (await isSecret(stored)) || (await isPrevious(robot, isSecret));
      if (robot === null || !right) throw refused("user name or secret is wrong");
      const login = loginOfRobot(robot, robot.readAt);
      await touchRobot(robots, robot.login);
      return { ...login, registry: robot.service ?? ownService };
    },
  };
}

/** A rotation may have left the secret of before for a while, until all that use it have the new one. */
async function isPrevious(
  robot: (Robot & SecretHashes) | null,
  isSecret: (hash: string) => Promise<boolean>,
): Promise<boolean> {
  const { previousHash = null, previousEndsAt = null, readAt = 0 } = robot ?? {};
  if (previousHash === null || previousEndsAt === null) return false;
  return previousEndsAt.getTime() > readAt && isSecret(previousHash);
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
