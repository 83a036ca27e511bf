import type { JWTPayload } from "jose";

/** Claims of a verified token by name; those inside of objects as `outer/inner`. */
export type Claims = ReadonlyMap<string, string | readonly string[]>;

const MAX_CLAIMS = 500;
const MAX_DEPTH = 4;
const MAX_NAME = 256;
const MAX_TEXT = 1024;
const MAX_ELEMENTS = 500;

/**
 * Brings claims into the one form that rules are written about. Numbers and booleans become text;
 * what is longer than any rule needs is left out, so that a rule about it fails rather than guesses.
 *
 * @param payload - payload of a verified token
 * @returns its claims
 */
export function flattenClaims(payload: JWTPayload): Claims {
  return readClaims(payload).claims;
}

/**
 * Claims that the token's holder has, and that are not known here: those that are too many for the token, so that it says
 * where they are to be had (OpenID Connect Core 5.6.2; Entra ID does so above 200 groups), and lists that are too long here.
 *
 * @param payload - payload of a verified token
 * @returns their names
 */
export function withheldClaims(payload: JWTPayload): ReadonlySet<string> {
  const elsewhere = payload["_claim_names"];
  return new Set([
    ...(isObject(elsewhere) ? Object.keys(elsewhere) : []),
    // What Entra ID says in tokens that go through a browser.
    ...(String(payload["hasgroups"]) === "true" ? ["groups"] : []),
    ...readClaims(payload).tooLong,
  ]);
}

function readClaims(payload: JWTPayload): { claims: Claims; tooLong: readonly string[] } {
  const claims = new Map<string, string | readonly string[]>();
  const tooLong: string[] = [];
  // The outermost first: `a/b` of the token itself wins over `b` inside of `a`.
  let level: [string, unknown][] = Object.entries(payload);
  for (let depth = 1; level.length > 0 && depth <= MAX_DEPTH; depth += 1) {
    const inner: [string, unknown][] = [];
    for (const [name, value] of level) {
      const flat = flatValue(value);
      if (flat !== null && !claims.has(name) && fits(name, claims.size)) claims.set(name, flat);
      if (Array.isArray(value) && value.length > MAX_ELEMENTS) tooLong.push(name);
      if (isObject(value))
        inner.push(
          ...Object.entries(value).map(([key, v]): [string, unknown] => [`${name}/${key}`, v]),
        );
    }
    level = inner;
  }
  return { claims, tooLong };
}

/** @returns the claim's text, or `null` when it is absent or a list */
export function textClaim(claims: Claims, name: string): string | null {
  const value = claims.get(name);
  return typeof value === "string" ? value : null;
}

/** @returns the claim's values: of a list all, of a text that one, none when it is absent */
export function listClaim(claims: Claims, name: string): readonly string[] {
  const value = claims.get(name);
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function fits(name: string, count: number): boolean {
  return name.length <= MAX_NAME && count < MAX_CLAIMS;
}

function flatValue(value: unknown): string | readonly string[] | null {
  if (Array.isArray(value)) {
    const texts = value.map(flatText).filter((text) => text !== null);
    return texts.length === value.length && texts.length <= MAX_ELEMENTS ? texts : null;
  }
  return flatText(value);
}

function flatText(value: unknown): string | null {
  if (typeof value === "string") return value.length <= MAX_TEXT ? value : null;
  return typeof value === "boolean" || typeof value === "number" ? String(value) : null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
