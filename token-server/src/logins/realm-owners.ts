import { ConfigError } from "#service-kit/config.js";
import type { Logins } from "./config.js";
import { OWNED_REALMS } from "../identity/make-login.js";

/** A source of logins and the realm of those who log in by it. */
export interface RealmOwner {
  /** As the operator knows it: a variable, or a section of the logins file. */
  readonly source: string;
  readonly realm: string;
}

/** The realms that Pier One's policy knows, and so its token information service says. */
const PIER_ONE_REALMS: readonly string[] = ["/employees", "/services"];

/**
 * @param logins - content of the logins file
 * @param tokeninfoUrl - the token information service, if there is one; it says realms itself
 * @returns which source may say which realm, as far as that is known at the start
 */
export function realmOwners(logins: Logins, tokeninfoUrl: string | null): RealmOwner[] {
  const { oidc, htpasswd, ldap, tokeninfo } = logins;
  return [
    ...(tokeninfoUrl === null ? [] : (tokeninfo.realms ?? PIER_ONE_REALMS)).map((realm) => ({
      source: "HTTP_TOKENINFO_URL (tokeninfo)",
      realm,
    })),
    ...oidc.map(({ realm }, index) => ({ source: `oidc.${index}`, realm })),
    ...(htpasswd === undefined ? [] : [{ source: "htpasswd", realm: htpasswd.realm }]),
    ...(ldap === undefined ? [] : [{ source: "ldap", realm: ldap.realm }]),
  ];
}

/**
 * A uid is unique within its realm. Two sources of one realm are one only where they agree on who is who, and that
 * has to be said: otherwise alice of one issuer would be taken for alice of another.
 *
 * @param logins - content of the logins file
 * @param tokeninfoUrl - the token information service, if there is one
 * @throws ConfigError that names every clash and what to do
 */
export function refuseSharedRealms(logins: Logins, tokeninfoUrl: string | null): void {
  const owners = realmOwners(logins, tokeninfoUrl);
  const realms = [...new Set(owners.map(({ realm }) => realm))];
  const faults = realms.flatMap((realm) => {
    const sources = owners.filter((owner) => owner.realm === realm).map(({ source }) => source);
    const ownedBy = OWNED_REALMS[realm];
    if (ownedBy !== undefined)
      return [`${sources.join(", ")}: the realm ${realm} is kept for logins of kind ${ownedBy}`];
    if (sources.length < 2 || logins.sharedRealms.includes(realm)) return [];
    return [
      `${sources.join(" and ")} have one realm, ${realm}: wanted a realm for each, or, where the same name is the same person in all of them, sharedRealms: [${realm}]`,
    ];
  });
  if (faults.length > 0) throw new ConfigError(faults);
}

/**
 * @param logins - content of the logins file
 * @returns whether the token information service may say this realm: one of its list; without a list any that no
 *   other source has for itself
 */
export function tokeninfoRealms(logins: Logins): (realm: string) => boolean {
  const { realms } = logins.tokeninfo;
  if (realms !== undefined) return (realm) => realms.includes(realm);
  const others = new Set(realmOwners(logins, null).map(({ realm }) => realm));
  return (realm) => !others.has(realm) || logins.sharedRealms.includes(realm);
}
