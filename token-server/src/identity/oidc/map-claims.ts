import type { Identity } from "#access-policy/identity.js";
import type { LoginFacts } from "../make-login.js";
import { teamMapping } from "../team-mapping.js";
import { fillTemplate } from "../template.js";
import { listClaim, textClaim, type Claims } from "./claims.js";
import type { Issuer } from "./issuer-schema.js";

/** Who a token is about, or the reason why it names nobody. */
export type MappedClaims = { readonly facts: LoginFacts } | { readonly refused: string };

const MAX_KEPT_CLAIMS = 100;
const MAX_TEAMS = 200;

/**
 * @param issuer - how its claims are to be read
 * @returns a function from the claims of a verified token to who it is about
 */
export function claimsMapper(issuer: Issuer): (claims: Claims) => MappedClaims {
  const rules = issuer.teams?.map(({ claim, template, ...mapping }) => {
    const map = teamMapping(mapping);
    return (claims: Claims) => {
      if (template === undefined) return map(listClaim(claims, claim ?? ""));
      const filled = fillTemplate(template, (name) => textClaim(claims, name));
      return map(filled === null ? [] : [filled]);
    };
  });
  return (claims) => {
    const missed = unmetRequirement(issuer, claims);
    if (missed !== null) return { refused: `the claim ${missed} is not as required` };
    const uid = fillTemplate(issuer.uid, (name) => textClaim(claims, name));
    if (uid === null)
      return { refused: "a claim that the user name is made of is missing or not usable" };
    return {
      facts: {
        uid,
        realm: issuer.realm,
        scopes: scopesOf(issuer, claims),
        claims: keptClaims(issuer, claims),
        teams:
          rules === undefined
            ? null
            : [...new Set(rules.flatMap((rule) => rule(claims)))].slice(0, MAX_TEAMS),
      },
    };
  };
}

/** @returns the name of the first claim that has none of the values it must have */
function unmetRequirement({ require: required }: Issuer, claims: Claims): string | null {
  for (const [name, patterns] of Object.entries(required)) {
    const values = listClaim(claims, name);
    if (!values.some((value) => patterns.some((matches) => matches(value)))) return name;
  }
  return null;
}

function scopesOf({ scopes }: Issuer, claims: Claims): readonly string[] {
  if (Array.isArray(scopes)) return scopes;
  // RFC 8693, section 4.2: `scope` is one text with spaces; other issuers give a list.
  return listClaim(claims, scopes.claim).flatMap((text) => text.split(" ").filter(Boolean));
}

/** The issuer's name is kept as well: the policy can tell two issuers apart. */
function keptClaims({ claims: wanted }: Issuer, claims: Claims): Identity["claims"] {
  const names = wanted ?? [...claims.keys()];
  const kept = ["iss", ...names.filter((name) => name !== "iss")].slice(0, MAX_KEPT_CLAIMS);
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = claims.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
