import { setImmediate } from "node:timers/promises";
import { allowsEverywhere, type KnownSubject } from "#access-policy/everywhere.js";
import { MOST_STARS, repositoryGlob, starsIn } from "#access-policy/glob.js";
import type { AccessLimit, Identity } from "#access-policy/identity.js";
import type { Policy } from "#access-policy/compile.js";
import { noun } from "#access-policy/sentences.js";
import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";

/** Who manages robots. */
export interface Manager extends KnownSubject {
  readonly identity: Identity;
  /** Members of `ADMIN_TEAMS` manage the robots of all teams; what they give has to be theirs all the same. */
  readonly isAdministrator: boolean;
  /** The registry by whose gateway they ask, at which robots that they make log in; `null`: that of the configuration. */
  readonly registry: string | null;
  /** As the audit log names them. */
  readonly actor: AuditActor;
}

/** A part of a robot's grants that is not its maker's to give. */
export interface Excess {
  readonly repositories: string;
  readonly action: string;
  readonly reason: string;
}

/**
 * @param policy - the rules
 * @param manager - who asks
 * @param team - whose robots it is about
 * @throws Fault DENIED unless the policy lets them `manage` in the whole namespace of the team
 */
export function requireManagement(policy: Policy, manager: Manager, team: string): void {
  if (manager.isAdministrator) return;
  const namespace = repositoryGlob(`${team}/**`);
  const { address } = manager.actor;
  const answer = allowsEverywhere(policy, manager, namespace, "manage", { address });
  if (!answer.allow) throw new Fault("DENIED", { message: answer.reason });
}

/**
 * A robot acts from any address and at any time, so each of its grants has to be its maker's without condition.
 *
 * @param policy - the rules
 * @param manager - who makes, rotates or enables the robot
 * @param grants - what the robot may do
 * @throws Fault DENIED with the first grant that goes beyond what the manager may do
 */
export async function requireGrants(
  policy: Policy,
  manager: Manager,
  grants: readonly AccessLimit[],
): Promise<void> {
  for await (const { repositories, action, reason } of excessesOf(policy, manager, grants))
    throw new Fault("DENIED", {
      message: `${noun(action, repositories)} is not yours to give: ${reason}`,
    });
}

/**
 * @param policy - the rules
 * @param subject - who vouches for the robot
 * @param grants - what the robot may do
 * @returns what of it is not theirs, one by one; other work gets its turn between the grants
 */
export async function* excessesOf(
  policy: Policy,
  subject: KnownSubject,
  grants: readonly AccessLimit[],
): AsyncGenerator<Excess> {
  for (const { repositories, actions } of grants) {
    if (starsIn(repositories) > MOST_STARS) {
      const reason = `a pattern has at most ${MOST_STARS} stars`;
      yield { repositories, action: actions.join(", "), reason };
      continue;
    }
    const glob = repositoryGlob(repositories);
    for (const action of new Set(actions)) {
      const answer = allowsEverywhere(policy, subject, glob, action, null);
      if (!answer.allow) yield { repositories, action, reason: answer.reason };
      await setImmediate();
    }
  }
}
