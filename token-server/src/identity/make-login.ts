import type { Identity, IdentityKind } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { VerifiedLogin } from "./identity-source.js";
import { isRealm, isReservedUid, isRobotUid, isSafeUid } from "./names.js";

/** Ways to log in behind which there is somebody with a name. */
export type NamedKind = Exclude<IdentityKind, "anonymous" | "unrestricted">;

/** What a source of logins found out, as it came. */
export interface LoginFacts {
  readonly uid: string;
  readonly realm: string;
  readonly scopes?: readonly string[];
  readonly claims?: Identity["claims"];
  readonly limits?: Identity["limits"];
  /** `null`, or absent: not known from the login itself. */
  readonly teams?: readonly string[] | null;
  readonly unmappedGroups?: readonly string[];
  /** In seconds since the epoch; `null`, or absent: the credentials do not say. */
  readonly validUntil?: number | null;
}

/**
 * The credentials were right, and there is no login all the same, as of somebody whose name nobody can have here: no
 * guess, and nothing that its holder can mend.
 */
export class UnusableLogin extends Fault {
  readonly who: Pick<LoginFacts, "realm" | "uid"> & { readonly kind: NamedKind };
  readonly objection: string;

  constructor(who: UnusableLogin["who"], objection: string) {
    super("UNAUTHORIZED", {
      message: `the credentials are right, but ${objection}: an administrator has to change that`,
    });
    this.who = who;
    this.objection = objection;
  }
}

/** Realms that belong to one kind of login. */
export const OWNED_REALMS: Readonly<Record<string, NamedKind>> = {
  "/robots": "robot",
  "/machines": "machine",
  "/service-logins": "service",
};

/**
 * The one place where a login is made. Whatever a company's service, an issuer or a directory says, nobody gets a name
 * that cannot be shown, that has a meaning of its own here, or that is of a realm of another kind of login.
 *
 * @param kind - how it was verified
 * @param facts - what the source says of the holder of the credentials, which were right
 * @returns the login
 * @throws UnusableLogin, which says what is wrong with the name
 */
export function makeLogin(kind: NamedKind, facts: LoginFacts): VerifiedLogin {
  const { uid, realm, scopes = [], claims = {}, limits = null, unmappedGroups = [] } = facts;
  const objection = objectionTo(kind, uid, realm);
  if (objection !== null) throw new UnusableLogin({ kind, realm, uid }, objection);
  return {
    identity: { uid, realm, scopes, kind, claims, limits },
    teams: facts.teams ?? null,
    ...(unmappedGroups.length === 0 ? {} : { unmappedGroups }),
    validUntil: facts.validUntil ?? null,
  };
}

/** Names are not repeated: what cannot be shown must not get into the message either. */
function objectionTo(kind: NamedKind, uid: string, realm: string): string | null {
  if (!isSafeUid(uid)) return "the user name has characters that are not accepted here";
  if (!isRealm(realm)) return "the realm is none that is accepted here";
  const owner = OWNED_REALMS[realm];
  if (owner !== undefined && owner !== kind) return `the realm is kept for logins of kind ${owner}`;
  if (kind === "robot" ? !isRobotUid(uid) : isReservedUid(uid))
    return "the user name is kept for another kind of login";
  return null;
}
