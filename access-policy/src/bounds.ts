import { GlobError, repositoryGlob, type Glob } from "./glob.js";
import { fitsAny } from "./glob-match.js";
import type { AccessLimit, Identity, IdentityKind } from "./identity.js";
import type { Question } from "./question.js";
import { clip } from "./reason.js";
import type { PolicyAction, RuleName } from "./rule.js";
import { enumerate, verb } from "./sentences.js";
import { nameOf } from "./template.js";

/** A denial that no policy can lift. */
export interface BoundDenial {
  readonly reason: string;
  readonly rule: RuleName;
}

/** What is of people and groups is for no service, which lies on machines of others. */
const CLOSED_TO_SERVICES = ["users", "users/**", "groups", "groups/**"].map(repositoryGlob);

/** What holds for an identity whatever a policy says. */
export interface Bounds {
  /** @returns why it is denied, `null` when the policy alone decides */
  denialOf(question: Question): BoundDenial | null;
  /** @returns why it is denied in every repository */
  denialOfKind(question: Question): BoundDenial | null;
  /** What no policy opens to this kind of login, whatever is done. */
  readonly closed: readonly Glob[];
  /** Limits with their patterns read; `null`: there are none. */
  readonly limits: readonly Limit[] | null;
}

/** A limit, ready to be held against repositories. */
export interface Limit {
  /** `null` for a pattern that cannot be read: it lets nothing pass. */
  readonly glob: Glob | null;
  readonly actions: readonly string[];
}

/**
 * Nobody in particular, machines and services only pull and list, services not below `users/` and `groups/`, robots
 * manage no robots, nobody passes the limits of their own login, and a robot has nothing but its limits.
 *
 * @param identity - who asks
 * @returns the bounds, with the limits' patterns read once for all questions
 */
export function boundsOf(identity: Identity): Bounds {
  const limits = limitsOf(identity);
  const closed = identity.kind === "service" ? CLOSED_TO_SERVICES : [];
  let outside: BoundDenial | null = null;
  return {
    limits,
    closed,
    denialOfKind,
    denialOf: (question) => {
      const denied = denialOfKind(question) ?? denialOfPlace(closed, question);
      if (denied !== null || limits === null) return denied;
      if (limits.some((limit) => isWithin(limit, question))) return null;
      return (outside ??= denial("identity.limits", outsideReason(identity)));
    },
  };
}

/**
 * @param action - what would be done
 * @returns kinds of login that may do it nowhere, whatever a policy says
 */
export function alwaysRefused(action: PolicyAction): readonly IdentityKind[] {
  if (action === "manage") return ["anonymous", "machine", "robot", "service"];
  return action === "push" || action === "delete" ? ["anonymous", "machine", "service"] : [];
}

function limitsOf(identity: Identity): readonly Limit[] | null {
  if (identity.limits === null) return identity.kind === "robot" ? [] : null;
  return identity.limits.map(({ repositories, actions }) => ({
    glob: readGlob(repositories),
    actions,
  }));
}

/** Limits come with identities, not with the policy, and none of them may cost more than its matching. */
function readGlob(pattern: string): Glob | null {
  try {
    const glob = repositoryGlob(pattern);
    return glob.variables.length > 0 ? null : glob;
  } catch (error) {
    if (error instanceof GlobError) return null;
    throw error;
  }
}

function denialOfKind({ identity: { kind }, action }: Question): BoundDenial | null {
  if (!alwaysRefused(action).includes(kind)) return null;
  if (kind === "robot") return denial("kind.robot", "robots cannot manage robots");
  if (kind === "anonymous") return denial("kind.anonymous", `log in to ${verb(action)}`);
  return denial(`kind.${kind}`, `${kind}s may only pull`);
}

function denialOfPlace(closed: readonly Glob[], { name }: Question): BoundDenial | null {
  if (name === null || !fitsAny(name, closed, closed)) return null;
  return denial("kind.service", `services get nothing below ${name.components[0] ?? ""}/`);
}

function isWithin(limit: Limit, { action, name: repository }: Question): boolean {
  const { glob, actions } = limit;
  if (glob === null) return false;
  // The catalog shows every name, so it takes a limit that lets every name be pulled.
  if (repository === null) return glob.text === "**" && actions.includes("pull");
  return actions.includes(action) && fitsAny(repository, limit, [glob]);
}

function outsideReason(identity: Identity): string {
  const name = identity.uid === "" ? "whoever is not logged in" : nameOf(identity);
  const limits: readonly AccessLimit[] = identity.limits ?? [];
  if (limits.length === 0) return `${name} has been given no access`;
  const given = limits.map(
    ({ repositories, actions }) => `${enumerate(actions)} in ${repositories}`,
  );
  return `${name} may only ${enumerate(given)}`;
}

function denial(id: string, reason: string): BoundDenial {
  return { reason: clip(reason), rule: { id, at: null } };
}
