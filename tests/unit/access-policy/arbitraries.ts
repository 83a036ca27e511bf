import fc from "fast-check";
import type { AccessLimit, Identity } from "#access-policy/identity.js";
import { RULE_KINDS, type Conditions, type RuleSpec } from "#access-policy/rule.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import { ANONYMOUS, oauthIdentity, UNRESTRICTED } from "#tests/support/identities.js";
import { CATALOG, repository, type Caller } from "./asking.js";

const WORDS = ["alpha", "beta", "users", "alice"];
/** Among them what somebody would try in order to get out of a pattern. */
const NAMES = [...WORDS, "**", "*", "a/b", "..", "", "Alpha", "${team}", "alpha/*"];
const REALMS = ["/employees", "/services", "/customers", ""];
const ADDRESSES = ["10.1.2.3", "192.0.2.1", "fd00::1", "::ffff:10.1.2.3", "unix:"];
const ACTIONS: readonly Action[] = ["pull", "push", "delete", "*"];

/** @returns patterns, with and without templates */
export function patterns(): fc.Arbitrary<string> {
  const parts = [...WORDS, "*", "al*", "**", "${team}", "${uid}", "${realm}", "${claim.group}"];
  const some = fc
    .array(fc.constantFrom(...parts), { minLength: 1, maxLength: 3 })
    .map((components) => components.join("/"));
  const usual = fc.constantFrom("${team}/**", "users/${uid}/**", "alpha/beta", "alpha/**", "**");
  return fc.oneof(some, usual);
}

/** @returns rules in order */
export function ruleLists(): fc.Arbitrary<RuleSpec[]> {
  return fc
    .array(rules(), { maxLength: 6 })
    .map((list) => list.map((rule, index) => ({ ...rule, id: `r${index}` })));
}

/** @returns well-formed rules */
export function rules(): fc.Arbitrary<RuleSpec> {
  const about = fc.oneof(
    { weight: 5, arbitrary: repositoryParts() },
    { weight: 1, arbitrary: fc.constant({ actions: ["catalog"] as const }) },
  );
  const who = fc.oneof(fc.constantFrom("anyone" as const, "logged-in" as const), conditions(3));
  const unless = fc.option(conditions(1), { nil: undefined, freq: 3 });
  const effect = fc.constantFrom("allow" as const, "allow" as const, "deny" as const);
  return fc
    .tuple(about, fc.record({ id: fc.constant("r"), effect, who, unless }))
    .map(([first, rest]) => ({ ...first, ...rest }));
}

/** @returns who asks, with teams and address */
export function callers(): fc.Arbitrary<Caller> {
  const names = fc.constantFrom(...NAMES);
  const login = fc
    .record({
      uid: names,
      realm: fc.constantFrom(...REALMS),
      kind: fc.constantFrom(...RULE_KINDS),
      scopes: fc.subarray(["uid", "write"]),
      claims: fc.record({ group: fc.oneof(names, fc.array(names, { maxLength: 2 })) }),
      limits: fc.option(fc.array(limits(), { maxLength: 2 })),
    })
    .map((known): Identity => oauthIdentity(known));
  const identity = fc.oneof(
    { weight: 9, arbitrary: login },
    { weight: 1, arbitrary: fc.constantFrom(ANONYMOUS, UNRESTRICTED) },
  );
  return fc.record({
    identity,
    teams: fc.option(fc.subarray(NAMES)),
    address: fc.option(fc.constantFrom(...ADDRESSES)),
  });
}

/** @returns what is asked for */
export function resources(): fc.Arbitrary<Resource> {
  const some = fc
    .array(fc.constantFrom(...WORDS, "employees"), { minLength: 1, maxLength: 4 })
    .map((components) => components.join("/"));
  const names = fc.oneof(some, fc.constantFrom("alpha/beta", "users/alice/beta")).map(repository);
  return fc.oneof({ weight: 8, arbitrary: names }, { weight: 1, arbitrary: fc.constant(CATALOG) });
}

/** @returns requested actions */
export function actions(): fc.Arbitrary<Action> {
  return fc.constantFrom(...ACTIONS);
}

function repositoryParts() {
  return fc.record({
    actions: fc.subarray(["pull", "push", "delete", "*"] as const, { minLength: 1 }),
    repositories: fc.array(patterns(), { minLength: 1, maxLength: 2 }),
  });
}

function conditions(most: number): fc.Arbitrary<Conditions> {
  const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
  const all = {
    kinds: fc.subarray([...RULE_KINDS], { minLength: 1 }),
    addresses: some(["10.0.0.0/8", "fd00::/8", "192.0.2.1"]),
    realms: some(REALMS),
    uids: some(NAMES),
    claims: fc.record({ group: some(["alpha", "a*", "**"]) }),
    scopes: fc.record({ anyOf: some(["uid", "write", "other"]) }),
    teams: some(WORDS),
  };
  return fc
    .tuple(
      fc.subarray(Object.keys(all) as (keyof typeof all)[], { minLength: 1, maxLength: most }),
      fc.record(all),
    )
    .map(([keys, values]) => Object.fromEntries(keys.map((key) => [key, values[key]])));
}

function limits(): fc.Arbitrary<AccessLimit> {
  return fc.record({
    repositories: fc.oneof(patterns(), fc.constantFrom("**", "alpha/**", "bad//", "***")),
    actions: fc.subarray(["pull", "push", "delete"] as const),
  });
}
