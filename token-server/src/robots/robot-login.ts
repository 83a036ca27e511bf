import { createHash } from "node:crypto";
import type { RobotName } from "./sql.js";

/** Every robot's user name begins so, and no other login's does. */
export const ROBOT_PREFIX = "robot-";

const HASH_CHARACTERS = 12;

/**
 * User names that a robot may have, the one to be taken first before the other: what reads best is the same for team `a`'s
 * `b-ci` and team `a-b`'s `ci`, and for teams `a.b` and `a-b`. Whoever comes second gets a name that no other robot can
 * have: there is an underscore in none of the first kind.
 *
 * @param robot - a team and what it calls its robot
 * @returns `robot-<team>-<name>` and the same with a hash of both
 */
export function robotLogins({ team, name }: RobotName): readonly [plain: string, apart: string] {
  const plain = `${ROBOT_PREFIX}${slug(team)}-${name}`;
  // Neither holds a slash.
  const hash = createHash("sha256").update(`${team}/${name}`).digest("hex");
  return [plain, `${plain}_${hash.slice(0, HASH_CHARACTERS)}`];
}

/** Team names may hold dots and underscores; user names of robots may not. */
function slug(team: string): string {
  return team.replace(/[^a-z0-9-]/g, "-");
}
