import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { authenticate, type AuthenticationDeps } from "../identity/authenticate.js";
import type { Login } from "../identity/identity-source.js";
import { MACHINE_LIMITS } from "../identity/machine/machine.js";
import { makeLogin } from "../identity/make-login.js";
import { loginOfRobot } from "../robots/robot-source.js";
import { findRobot } from "../robots/sql.js";

/** Somebody as an administrator describes them. */
export interface Description extends Omit<Identity, "limits" | "kind"> {
  readonly kind: Exclude<Identity["kind"], "unrestricted">;
  readonly teams: readonly string[];
}

/** What it takes to know how somebody would have logged in. */
export interface DescribedDeps {
  readonly logins: AuthenticationDeps;
  readonly db: Database;
}

/**
 * The login of somebody who is described and not there, made as that of somebody who is: nobody in particular has the
 * namespaces that everybody may read, a robot what it was granted, a machine its limits.
 *
 * @param deps - logins and robots
 * @param described - who
 * @returns their login
 * @throws Fault UNAUTHORIZED when nobody could log in so; NOT_FOUND for an unknown robot
 */
export async function describedLogin(deps: DescribedDeps, described: Description): Promise<Login> {
  const { kind, teams, uid } = described;
  if (deps.logins.unrestricted || kind === "anonymous") return authenticate(deps.logins, null);
  if (kind === "robot") {
    const robot = await findRobot(deps.db, uid);
    if (robot === null) throw new Fault("NOT_FOUND", { message: "there is no such robot" });
    return loginOfRobot(robot, robot.readAt);
  }
  const limits = kind === "machine" ? MACHINE_LIMITS : null;
  return { ...makeLogin(kind, { ...described, teams, limits }), accessToken: null };
}
