import { isId, namesOfApp } from "./directory.js";
import { whyNoApp, whyOtherApp } from "./app-reasons.js";
import { isComponent } from "./glob.js";
import type { Identity, Teams } from "./identity.js";
import type { PolicyFacts } from "./policy-facts.js";

const CLAIM = /^claim\.([A-Za-z0-9_.:/-]+)$/;
/** Templates that stand for what they are called, beside claims. */
export const PLAIN_VARIABLES: readonly string[] = [
  ...["team", "uid", "realm", "user", "group"],
  ...["app.responsible", "app.published", "service.app"],
];

/** Who asks, and what is known besides: what templates stand for. */
export interface Known {
  readonly identity: Identity;
  readonly teams: Teams;
  readonly facts: PolicyFacts;
}

/**
 * @param variable - name of a template in a pattern, without `${}`
 * @returns whether patterns can have it
 */
export function isPatternVariable(variable: string): boolean {
  return PLAIN_VARIABLES.includes(variable) || CLAIM.test(variable);
}

/**
 * @param variable - name of a template in a pattern
 * @param known - who asks, with their teams, and the directory
 * @returns what it stands for, `null` while teams are not known; some of it may be no legal path
 *   component and then fits nothing
 */
export function valuesOf(
  variable: string,
  { identity, teams, facts: { directory } }: Known,
): readonly string[] | null {
  switch (variable) {
    case "team":
      return teams;
    case "uid":
      return [identity.uid];
    case "realm":
      return [identity.realm.replace(/^\//, "")];
    case "user":
      return directory.userNames(identity);
    case "group":
      return teams && directory.teamNames(teams);
    case "app.responsible":
      return teams && directory.appsOf("responsibles", teams).flatMap(namesOfApp);
    case "app.published":
      return teams && directory.appsOf("publications", teams).flatMap(namesOfApp);
    case "service.app": {
      const app = directory.appOfService(identity);
      return app === null ? [] : namesOfApp(app);
    }
    default:
      return claimValues(identity, CLAIM.exec(variable)?.[1] ?? "");
  }
}

/**
 * @param identity - who asks
 * @param name - name of a claim
 * @returns its values, none when there is no such claim
 */
export function claimValues(identity: Identity, name: string): readonly string[] {
  if (!Object.hasOwn(identity.claims, name)) return [];
  const value = identity.claims[name] ?? [];
  return typeof value === "string" ? [value] : value;
}

/**
 * @param variable - name of a template in a pattern
 * @param wanted - the path component at its place
 * @param known - who asks, with their teams, and the directory
 * @returns why it does not stand for that component
 */
export function whyOther(variable: string, wanted: string, known: Known): string {
  const { identity } = known;
  switch (variable) {
    case "team":
      return `${nameOf(identity)} is not in team ${wanted}`;
    case "user":
      return valuesOf(variable, known)?.length === 0
        ? `${nameOf(identity)} is no user of the directory`
        : `${nameOf(identity)} is not ${named("user", wanted)}`;
    case "group":
      return `${nameOf(identity)} is not in ${named("group", wanted)}`;
    case "app.responsible":
      return whyNoApp("responsibles", wanted);
    case "app.published":
      return whyNoApp("publications", wanted);
    case "service.app":
      return whyOtherApp(known.facts.directory.appOfService(identity), wanted);
    default:
      return whyOtherText(variable, wanted, valuesOf(variable, known) ?? []);
  }
}

function named(what: string, wanted: string): string {
  return isId(wanted) ? `the ${what} with id ${wanted}` : `${what} ${wanted}`;
}

function whyOtherText(variable: string, wanted: string, values: readonly string[]): string {
  const what = variable.replace(/^claim\./, "claim ");
  const illegal = values.find((value) => !isComponent(value));
  if (values.length === 0) return `the login has no ${what}`;
  if (illegal !== undefined && values.length === 1)
    return `the ${what} "${illegal}" cannot be part of a repository name`;
  return `the ${what} is ${values.join(" or ")}, not ${wanted}`;
}

/**
 * @param identity - who asks
 * @returns how reasons call them
 */
export function nameOf(identity: Identity): string {
  return identity.uid === "" ? "nobody in particular" : identity.uid;
}
