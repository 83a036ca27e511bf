import { isRepositoryName } from "#registry-protocol/repository-name.js";

/**
 * What may become a uid, a token's subject and the ledger's actor: no white space, no control
 * characters, nothing that a glob or a template would read as more than itself.
 */
const SAFE_UID = /^[A-Za-z0-9][A-Za-z0-9._:@/+=|~-]{0,254}$/;

const RESERVED = /^(?:oauth2|oidc|instance-identity-document|robot-.*)$/i;

/** @returns whether `text` can be taken for a uid as it is */
export function isSafeUid(text: string): boolean {
  return SAFE_UID.test(text);
}

/** @returns whether `text` can be the name of a team, that is a first component of repository names */
export function isTeamName(text: string): boolean {
  return isRepositoryName(text) && !text.includes("/");
}

/** @returns whether `username` says how to log in rather than who logs in */
export function isReservedUsername(username: string): boolean {
  return RESERVED.test(username);
}
