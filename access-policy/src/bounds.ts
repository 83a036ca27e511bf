import { GlobError, matchesGlob, repositoryGlob } from "./glob.js";
import type { AccessLimit } from "./identity.js";
import type { Question } from "./question.js";
import { clip } from "./reason.js";
import type { RuleName } from "./rule.js";
import { nameOf } from "./template.js";

/** A denial that no policy can lift. */
export interface BoundDenial {
  readonly reason: string;
  readonly rule: RuleName;
}

/**
 * What holds whatever a policy says: nobody in particular and machines only pull and list, nobody
 * passes the limits of their own login, and a robot has nothing but its limits.
 *
 * @param question - what is asked
 * @returns why it is denied, `null` when the policy alone decides
 */
export function boundOf(question: Question): BoundDenial | null {
  const { identity, action } = question;
  if (action === "push" || action === "delete") {
    if (identity.kind === "anonymous") return denial("kind.anonymous", `log in to ${action}`);
    if (identity.kind === "machine") return denial("kind.machine", "machines may only pull");
  }
  const limits = identity.limits ?? (identity.kind === "robot" ? [] : null);
  if (limits === null || limits.some((limit) => isWithin(limit, question))) return null;
  return denial("identity.limits", outside(question, limits));
}

function isWithin(limit: AccessLimit, { action, repository }: Question): boolean {
  // The catalog shows every name, so it takes a limit that lets every name be pulled.
  if (repository === null) return limit.repositories === "**" && limit.actions.includes("pull");
  return limit.actions.some((one) => one === action) && fits(limit.repositories, repository);
}

/** Limits come with identities, not with the policy; a limit that cannot be read lets nothing pass. */
function fits(pattern: string, repository: string): boolean {
  try {
    return matchesGlob(repositoryGlob(pattern), repository, () => []);
  } catch (error) {
    if (error instanceof GlobError) return false;
    throw error;
  }
}

function outside({ identity }: Question, limits: readonly AccessLimit[]): string {
  const name = nameOf(identity);
  if (limits.length === 0) return `${name} has been given no access`;
  const given = limits.map(
    ({ repositories, actions }) => `${actions.join(", ")} in ${repositories}`,
  );
  return `${name} is limited to ${given.join("; ")}`;
}

function denial(id: string, reason: string): BoundDenial {
  return { reason: clip(reason), rule: { id, at: null } };
}
