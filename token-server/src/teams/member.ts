import { isRealm, isSafeUid } from "../identity/names.js";

/** A member of a static team: whose uid, of which realm; `null`: a uid alone. */
export interface Member {
  readonly realm: string | null;
  readonly uid: string;
}

/**
 * @param text - `/realm/uid`, or a uid alone
 * @returns the member, or `null` when nobody could ever be called so
 */
export function parseMember(text: string): Member | null {
  const [, realm, rest] = /^(\/[^/]+)\/(.+)$/s.exec(text) ?? [];
  if (realm === undefined || rest === undefined)
    return isSafeUid(text) ? { realm: null, uid: text } : null;
  return isRealm(realm) && isSafeUid(rest) ? { realm, uid: rest } : null;
}
