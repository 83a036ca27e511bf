import type { Identity } from "#access-policy/identity.js";

const NOBODY: Identity = {
  uid: "",
  realm: "",
  scopes: [],
  kind: "anonymous",
  claims: {},
  limits: null,
};

/** Nobody in particular, where public read is on. */
export const ANONYMOUS: Identity = NOBODY;

/** Everybody, while authentication is switched off. */
export const UNRESTRICTED: Identity = { ...NOBODY, uid: "anonymous", kind: "unrestricted" };

/**
 * @param known - what makes this one special
 * @returns an identity that logged in with an access token
 */
export function oauthIdentity(known: Partial<Identity> = {}): Identity {
  return {
    ...NOBODY,
    kind: "oauth2",
    uid: "alice",
    realm: "/employees",
    scopes: ["uid"],
    ...known,
  };
}
