import type { PolicyAction } from "./rule.js";

/** An action as people say it. */
interface Words {
  /** What somebody may, or may not, do. */
  readonly verb: string;
  /** The same, to something. */
  readonly to: (name: string) => string;
  /** What a rule allows or denies. */
  readonly noun: (name: string) => string;
}

/** Every action, in every sentence about it: what clients show of a refusal is made of these words. */
const WORDS: Readonly<Record<PolicyAction, Words>> = {
  pull: { verb: "pull", to: (name) => `pull from ${name}`, noun: (name) => `pull from ${name}` },
  push: { verb: "push", to: (name) => `push to ${name}`, noun: (name) => `push to ${name}` },
  delete: {
    verb: "delete",
    to: (name) => `delete ${name}`,
    noun: (name) => `deletion in ${name}`,
  },
  manage: {
    verb: "manage robots",
    to: (name) => `manage robots of ${name}`,
    noun: (name) => `managing robots of ${name}`,
  },
  catalog: {
    verb: "list the catalog",
    to: () => "list the catalog",
    noun: () => "listing the catalog",
  },
};

/** Access that was asked for and refused, as tokens carry it. */
export interface RefusedAccess {
  readonly type: string;
  readonly name: string;
  readonly action: string;
  readonly reason: string;
}

/**
 * @param refusal - what was refused, and why
 * @returns the sentence that whoever asked is shown
 */
export function refusalSentence({ type, name, action, reason }: RefusedAccess): string {
  return `may not ${refused(type, name, action)}: ${reason}`;
}

/**
 * @param refusal - what was refused
 * @returns the sentence without names and reason, for where nothing that a user wrote may stand
 */
export function refusalSummary({ type, name, action }: Omit<RefusedAccess, "reason">): string {
  return `may not ${refused(type, type === "registry" ? name : "this repository", action)}`;
}

/**
 * @param action - what is to be done
 * @returns it as a verb
 */
export function verb(action: PolicyAction): string {
  return WORDS[action].verb;
}

/**
 * @param action - what is to be done
 * @param name - repository or namespace; of no meaning for the catalog
 * @returns it as a verb with its object
 */
export function verbOn(action: PolicyAction, name: string): string {
  return WORDS[action].to(name);
}

/**
 * @param action - what is to be done, or several of that
 * @param name - repository or pattern; of no meaning for the catalog
 * @returns it as a noun
 */
export function noun(action: string, name: string): string {
  return isAction(action) ? WORDS[action].noun(name) : `${action} in ${name}`;
}

function isAction(text: string): text is PolicyAction {
  return Object.hasOwn(WORDS, text);
}

/**
 * @param actions - one or more
 * @returns them as one says it: `pull`, `pull and push`, `pull, push and delete`
 */
export function enumerate(actions: readonly string[]): string {
  const [last = "", ...before] = [...actions].reverse();
  return before.length === 0 ? last : `${before.reverse().join(", ")} and ${last}`;
}

/** In the words of registry tokens, where the catalog is an object, and `*` is everything that can be done to one. */
function refused(type: string, name: string, action: string): string {
  if (type === "registry" && name === "administration") return "administer the registry";
  if (type === "registry") return verb("catalog");
  if (action === "pull" || action === "push" || action === "delete") return verbOn(action, name);
  return `do everything in ${name}`;
}
