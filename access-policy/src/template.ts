import { isComponent } from "./glob.js";
import type { Identity, Teams } from "./identity.js";

const CLAIM = /^claim\.([A-Za-z0-9_.:/-]+)$/;

/**
 * @param variable - name of a template in a pattern, without `${}`
 * @returns whether patterns can have it
 */
export function isPatternVariable(variable: string): boolean {
  return ["team", "uid", "realm"].includes(variable) || CLAIM.test(variable);
}

/**
 * @param variable - name of a template in a pattern
 * @param identity - who asks
 * @param teams - their teams
 * @returns what it stands for, `null` while teams are not known; some of it may be no legal path
 *   component and then fits nothing
 */
export function valuesOf(
  variable: string,
  identity: Identity,
  teams: Teams,
): readonly string[] | null {
  switch (variable) {
    case "team":
      return teams;
    case "uid":
      return [identity.uid];
    case "realm":
      return [identity.realm.replace(/^\//, "")];
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
 * @param identity - who asks
 * @param teams - their teams
 * @returns why it does not stand for that component
 */
export function whyOther(
  variable: string,
  wanted: string,
  identity: Identity,
  teams: Teams,
): string {
  if (variable === "team") return `${nameOf(identity)} is not in team ${wanted}`;
  const values = valuesOf(variable, identity, teams) ?? [];
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
