import type { Identity } from "#access-policy/identity.js";
import type { LoginFacts } from "../make-login.js";
import { teamMapping, type MappedTeams } from "../team-mapping.js";
import { fillTemplate, type Template } from "../template.js";
import { listClaim, textClaim, type Claims } from "./claims.js";
import type { Issuer } from "./issuer-schema.js";

/** Who a token is about, or the reason why it names nobody. */
export type MappedClaims =
  | { readonly facts: LoginFacts }
  | { readonly refused: string }
  /** The token is right, and does not say what teams come of. */
  | { readonly facts: LoginFacts; readonly withheld: string };

const MAX_KEPT_CLAIMS = 100;

/**
 * @param issuer - how its claims are to be read
 * @returns a function from the claims of a verified token, and the names of those that it withholds, to who it is about
 */
export function claimsMapper(
  issuer: Issuer,
): (claims: Claims, withheld?: ReadonlySet<string>) => MappedClaims {
  const teamsOf = issuer.teams === undefined ? null : teamRules(issuer.teams);
  const needed = (issuer.teams ?? []).map(({ claim, template }) =>
    template === undefined ? [claim ?? ""] : variablesOf(template),
  );
  return (claims, withheld = NONE) => {
    const missed = unmetRequirement(issuer, claims);
    if (missed !== null) {
      const why = withheld.has(missed)
        ? "not in the token, which has no room for it"
        : "not as required";
      return { refused: `the claim ${missed} is ${why}` };
    }
    const uid = fillTemplate(issuer.uid, (name) => textClaim(claims, name));
    if (uid === null)
      return { refused: "a claim that the user name is made of is missing or not usable" };
    const mapped = teamsOf?.(claims) ?? null;
    const facts = {
      uid,
      realm: issuer.realm,
      scopes: scopesOf(issuer, claims),
      claims: keptClaims(issuer, claims),
      teams: mapped?.teams ?? null,
      unmappedGroups: mapped?.unmapped ?? [],
    };
    const missing = needed.flat().find((name) => withheld.has(name) && !claims.has(name));
    return missing === undefined ? { facts } : { facts, withheld: missing };
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Whoever several rules are about is in all of their teams, and a group is mapped when one of them maps it. */
function teamRules(rules: NonNullable<Issuer["teams"]>): (claims: Claims) => MappedTeams {
  const compiled = rules.map(({ claim, template, ...mapping }) => {
    const map = teamMapping(mapping);
    return (claims: Claims) => {
      const groups =
        template === undefined
          ? listClaim(claims, claim ?? "")
          : [fillTemplate(template, (name) => textClaim(claims, name))].filter(
              (one) => one !== null,
            );
      return { groups, ...map(groups) };
    };
  });
  return (claims) => {
    const said = compiled.map((rule) => rule(claims));
    const mapped = new Set(
      said.flatMap(({ groups, unmapped }) => groups.filter((group) => !unmapped.includes(group))),
    );
    const unmapped = said.flatMap((one) => one.unmapped).filter((group) => !mapped.has(group));
    return {
      teams: [...new Set(said.flatMap(({ teams }) => teams))],
      unmapped: [...new Set(unmapped)],
    };
  };
}

function variablesOf({ parts }: Template): readonly string[] {
  return parts.flatMap((part) => ("variable" in part ? [part.variable] : []));
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
