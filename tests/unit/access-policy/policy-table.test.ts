import { describe, expect, test } from "@jest/globals";
import { decide } from "#access-policy/decide.js";
import type { Identity } from "#access-policy/identity.js";
import { ANONYMOUS, oauthIdentity, UNRESTRICTED } from "#tests/support/identities.js";
import { parseAsk, policyOf, type Caller, type RuleDraft } from "./asking.js";

type Row = readonly [
  title: string,
  rules: readonly RuleDraft[],
  caller: Caller,
  asks: string,
  wanted: "yes" | "no" | "teams-needed",
  reason?: string,
];

const ALICE = caller(oauthIdentity(), { teams: ["alpha", "shared"] });
const STRANGER = caller(oauthIdentity(), { teams: null });
const OIDC = {
  kind: "oidc",
  uid: "pipeline",
  claims: {
    ref: "refs/heads/main",
    owner: "acme",
    bad: "Acme/../x",
    star: "*",
    groups: ["red", "blue"],
    empty: [],
  },
} as const;
const PIPELINE = caller(oauthIdentity(OIDC));
const MACHINE = caller(oauthIdentity({ kind: "machine", uid: "i-1", realm: "/machines" }));
const ROBOT = robot([{ repositories: "alpha/**", actions: ["pull", "push"] }]);
const NOBODY = caller(ANONYMOUS);

// prettier-ignore
const PATTERNS: readonly Row[] = [
  ["a star stays within one component", [{ repositories: ["alpha/*"] }], ALICE, "push alpha/a/b", "no", "no rule allows push to alpha/a/b"],
  ["a star is any part of a component", [{ repositories: ["alpha/app-*-x"] }], ALICE, "push alpha/app-1-x", "yes"],
  ["two stars at the end are everything below", [{ repositories: ["alpha/**"] }], ALICE, "push alpha/a/b/c", "yes"],
  ["two stars at the end are not the folder itself", [{ repositories: ["alpha/**"] }], ALICE, "push alpha", "no", "no rule allows push to alpha"],
  ["two stars in the middle are any number of components", [{ repositories: ["a/**/z"] }], ALICE, "push a/b/c/z", "yes"],
  ["two stars in the middle can be no component", [{ repositories: ["a/**/z"] }], ALICE, "push a/z", "yes"],
  ["two stars in the middle keep component borders", [{ repositories: ["a/**/z"] }], ALICE, "push a/bz", "no"],
  ["two stars at the beginning find a last component anywhere", [{ repositories: ["**/cache"] }], ALICE, "push alpha/app/cache", "yes"],
  ["two stars at the beginning find a name of one component", [{ repositories: ["**/cache"] }], ALICE, "push cache", "yes"],
  ["a dot in a pattern is a dot", [{ repositories: ["a.b/**"] }], ALICE, "push axb/c", "no"],
  ["a pattern is about the whole name", [{ repositories: ["alpha/app"] }], ALICE, "push alpha/app2", "no"],
  ["a namespace is everything below it", [{ namespaces: ["alpha"] }], ALICE, "push alpha/a/b", "yes"],
  ["a namespace is also the repository of its name", [{ namespaces: ["alpha"] }], ALICE, "push alpha", "yes"],
  ["a namespace is not one that begins alike", [{ namespaces: ["alpha"] }], ALICE, "push alpha-two/app", "no"],
  ["what stands on both sides of a star is not one and the same", [{ repositories: ["a*a/*x"] }], ALICE, "push a/xx", "no"],
  ["a namespace can have a star", [{ namespaces: ["team-*"] }], ALICE, "push team-x/app", "yes"],
];

// prettier-ignore
const TEMPLATES: readonly Row[] = [
  ["a team template is any team of the caller", [{ repositories: ["${team}/**"] }], ALICE, "push shared/x", "yes"],
  ["a team template names the team that is missing", [{ repositories: ["${team}/**"] }], ALICE, "push beta/x", "no", "alice is not in team beta"],
  ["a team template below groups/ names the team that is missing", [{ repositories: ["groups/${team}/**"] }], ALICE, "push groups/beta/x", "no", "alice is not in team beta"],
  ["a team template waits for the teams", [{ repositories: ["${team}/**"] }], STRANGER, "push alpha/x", "teams-needed"],
  ["a team template does not wait where its pattern cannot fit", [{ repositories: ["groups/${team}/**"] }], STRANGER, "push alpha/x", "no", "no rule allows push to alpha/x"],
  ["a team template does not wait where another pattern fits", [{ repositories: ["${team}/**", "open/**"] }], STRANGER, "push open/x", "yes"],
  ["a uid template is the caller's own", [{ repositories: ["users/${uid}/**"] }], ALICE, "push users/alice/x", "yes"],
  ["a uid template is nobody else's", [{ repositories: ["users/${uid}/**"] }], ALICE, "push users/bob/x", "no", "the uid is alice, not bob"],
  ["a uid that is no path component fits nothing", [{ repositories: ["users/${uid}/**"] }], caller(oauthIdentity({ uid: "al@x" })), "push users/al/x", "no", 'the uid "al@x" cannot be part of a repository name'],
  ["a uid with a slash reaches no deeper", [{ repositories: ["users/${uid}/x"] }], caller(oauthIdentity({ uid: "a/b" })), "push users/a/b/x", "no"],
  ["a uid that is a wildcard matches nothing", [{ repositories: ["users/${uid}/**"] }], caller(oauthIdentity({ uid: "**" })), "push users/bob/x", "no"],
  ["an empty uid matches nothing", [{ repositories: ["users/${uid}/**"] }], caller(oauthIdentity({ uid: "" })), "push users/bob/x", "no"],
  ["a realm template leaves the slash out", [{ repositories: ["${realm}/**"] }], ALICE, "push employees/x", "yes"],
  ["a realm below another is no component", [{ repositories: ["${realm}/**"] }], caller(oauthIdentity({ realm: "/a/b" })), "push a/b/x", "no"],
  ["a claim template is the claim's value", [{ repositories: ["${claim.owner}/**"] }], PIPELINE, "push acme/x", "yes"],
  ["a claim template is no other value", [{ repositories: ["${claim.owner}/**"] }], PIPELINE, "push emca/x", "no", "the claim owner is acme, not emca"],
  ["a claim template is each value of a list", [{ repositories: ["${claim.groups}/**"] }], PIPELINE, "push blue/x", "yes"],
  ["a claim that is no path component fits nothing", [{ repositories: ["${claim.bad}/**"] }], PIPELINE, "push acme/x", "no", 'the claim bad "Acme/../x" cannot be part of a repository name'],
  ["a claim that is a wildcard fits nothing", [{ repositories: ["${claim.star}/**"] }], PIPELINE, "push acme/x", "no"],
  ["a claim that the login lacks fits nothing", [{ repositories: ["${claim.nope}/**"] }], PIPELINE, "push acme/x", "no", "the login has no claim nope"],
  ["a name that every object has is no claim", [{ repositories: ["${claim.constructor}/**"] }], PIPELINE, "push acme/x", "no", "the login has no claim constructor"],
  ["a claim with an empty list fits nothing", [{ repositories: ["${claim.empty}/**"] }], PIPELINE, "push acme/x", "no", "the login has no claim empty"],
  ["two templates have to fit together", [{ repositories: ["${team}/${uid}/**"] }], ALICE, "push alpha/alice/x", "yes"],
  ["one of two templates is not enough", [{ repositories: ["${team}/${uid}/**"] }], ALICE, "push alpha/bob/x", "no", "the uid is alice, not bob"],
];

// prettier-ignore
const CONDITIONS: readonly Row[] = [
  ["anyone is even nobody in particular", [{ actions: ["pull"], who: "anyone" }], NOBODY, "pull a/b", "yes"],
  ["logged-in is not nobody in particular", [{ actions: ["pull"], who: "logged-in" }], NOBODY, "pull a/b", "no", "log in to pull"],
  ["a kind of login", [{ who: { kinds: ["oidc"] } }], PIPELINE, "push a/b", "yes"],
  ["another kind of login", [{ who: { kinds: ["oidc"] } }], ALICE, "push a/b", "no", "a login of kind oauth2 may not push here"],
  ["a realm", [{ who: { realms: ["/employees"] } }], ALICE, "push a/b", "yes"],
  ["another realm", [{ who: { realms: ["/services"] } }], ALICE, "push a/b", "no", "realm /employees may not push"],
  ["no realm", [{ who: { realms: ["/services"] } }], caller(oauthIdentity({ realm: "" })), "push a/b", "no", "realm (none) may not push"],
  ["a uid", [{ who: { uids: ["bob", "alice"] } }], ALICE, "push a/b", "yes"],
  ["another uid", [{ who: { uids: ["bob"] } }], ALICE, "push a/b", "no", "alice is not one of those who may push"],
  ["any of some scopes", [{ who: { scopes: { anyOf: ["x", "uid"] } } }], ALICE, "push a/b", "yes"],
  ["none of some scopes", [{ who: { scopes: { anyOf: ["x", "y"] } } }], ALICE, "push a/b", "no", "the token lacks the scope x or y"],
  ["not all of some scopes", [{ who: { scopes: { allOf: ["uid", "x", "y"] } } }], ALICE, "push a/b", "no", "the token lacks the scope x and y"],
  ["all of some scopes but none of others", [{ who: { scopes: { allOf: ["uid"], anyOf: ["z"] } } }], ALICE, "push a/b", "no", "the token lacks the scope z"],
  ["a team that is named", [{ who: { teams: ["beta", "shared"] } }], ALICE, "push a/b", "yes"],
  ["none of the teams that are named", [{ who: { teams: ["beta", "gamma"] } }], ALICE, "push a/b", "no", "alice is not in team beta or gamma"],
  ["a team that is named has to be looked up", [{ who: { teams: ["alpha"] } }], STRANGER, "push a/b", "teams-needed"],
  ["nobody in particular is in no team, without looking", [{ actions: ["pull"], who: { teams: ["alpha"] } }], caller(ANONYMOUS, { teams: null }), "pull a/b", "no"],
  ["a condition that fails makes teams needless", [{ who: { teams: ["alpha"], uids: ["bob"] } }], STRANGER, "push a/b", "no", "alice is not one of those who may push"],
  ["a claim's value", [{ who: { claims: { owner: ["acme"] } } }], PIPELINE, "push a/b", "yes"],
  ["one of a claim's many values", [{ who: { claims: { groups: ["blue"] } } }], PIPELINE, "push a/b", "yes"],
  ["a claim's value by pattern", [{ who: { claims: { ref: ["refs/heads/*"] } } }], PIPELINE, "push a/b", "yes"],
  ["a star in a claim stops at a slash", [{ who: { claims: { ref: ["refs/*"] } } }], PIPELINE, "push a/b", "no", "claim ref is refs/heads/main, wanted is refs/*"],
  ["two stars in a claim do not", [{ who: { claims: { ref: ["refs/**"] } } }], PIPELINE, "push a/b", "yes"],
  ["a value with a star is not a pattern", [{ who: { claims: { star: ["x"] } } }], PIPELINE, "push a/b", "no"],
  ["every claim that is named has to fit", [{ who: { claims: { owner: ["acme"], ref: ["refs/tags/*"] } } }], PIPELINE, "push a/b", "no", "claim ref is refs/heads/main, wanted is refs/tags/*"],
  ["a claim that is not given", [{ who: { claims: { nope: ["**"] } } }], PIPELINE, "push a/b", "no", "claim nope is not given, wanted is **"],
  ["an address in an IPv4 network", [{ who: { addresses: ["10.0.0.0/8"] } }], from("10.9.8.7"), "push a/b", "yes"],
  ["an IPv4 address written as IPv6", [{ who: { addresses: ["10.0.0.0/8"] } }], from("::ffff:10.9.8.7"), "push a/b", "yes"],
  ["an address outside", [{ who: { addresses: ["10.0.0.0/8"] } }], from("11.0.0.1"), "push a/b", "no", "from 11.0.0.1 nobody may push here"],
  ["an address in an IPv6 network", [{ who: { addresses: ["fd00::/8"] } }], from("fd12::1"), "push a/b", "yes"],
  ["a single address", [{ who: { addresses: ["192.0.2.7"] } }], from("192.0.2.8"), "push a/b", "no"],
  ["an address that is not known allows nothing", [{ who: { addresses: ["0.0.0.0/0", "::/0"] } }], from(null), "push a/b", "no", "your network address is not known"],
  ["an address that is no address allows nothing", [{ who: { addresses: ["0.0.0.0/0", "::/0"] } }], from("unix:"), "push a/b", "no"],
  ["an address that is not known is denied", [{ effect: "deny", who: { addresses: ["10.0.0.0/8"] } }, {}], from(null), "push a/b", "no", "rule r1 denies push to a/b"],
  ["an address that is not known is no exception from a denial", [{ effect: "deny", unless: { addresses: ["10.0.0.0/8"] } }, {}], from(null), "push a/b", "no"],
  ["an address that is not known is an exception from a permission", [{ unless: { addresses: ["10.0.0.0/8"] } }], from(null), "push a/b", "no"],
  ["unless leaves somebody out", [{ unless: { uids: ["alice"] } }], ALICE, "push a/b", "no", "alice is excepted by uids"],
  ["unless leaves the others in", [{ unless: { uids: ["bob"] } }], ALICE, "push a/b", "yes"],
  ["unless can need teams", [{ unless: { teams: ["alpha"] } }], STRANGER, "push a/b", "teams-needed"],
];

// prettier-ignore
const ORDER: readonly Row[] = [
  ["no rules at all deny", [], ALICE, "pull a/b", "no", "no rule allows pull from a/b"],
  ["the first rule that matches decides", [{ effect: "deny", message: "not today" }, {}], ALICE, "push a/b", "no", "not today"],
  ["a later denial comes too late", [{}, { effect: "deny" }], ALICE, "push a/b", "yes", "rule r1 allows push to a/b"],
  ["a rule about pulls says nothing about pushes", [{ actions: ["pull"] }], ALICE, "push a/b", "no", "no rule allows push to a/b"],
  ["a message names who, what and where", [{ effect: "deny", message: "${uid} (${realm}): no ${action} to ${repository} in ${namespace}"}], ALICE, "push a/b/c", "no", "alice (/employees): no push to a/b/c in a"],
  ["a message names the team that let in", [{ repositories: ["${team}/**"], message: "in ${team}" }], ALICE, "push shared/x", "yes", "in shared"],
  ["a message names the scope that let in", [{ who: { scopes: { anyOf: ["z", "uid"] } }, message: "has ${scope}" }], ALICE, "push a/b", "yes", "has uid"],
  ["a value that looks like a template stays what it is", [{ effect: "deny", message: "${uid}" }], caller(oauthIdentity({ uid: "${realm}" })), "push a/b", "no", "${realm}"],
  ["the refusal tells of the rule that came the farthest", [{ who: { kinds: ["robot"] } }, { who: { realms: ["/employees"], scopes: { allOf: ["write"] } } }, { who: { uids: ["bob"] } }], ALICE, "push a/b", "no", "the token lacks the scope write"],
  ["of equally far rules the more personal one is told of", [{ who: { kinds: ["robot"] } }, { repositories: ["${team}/**"] }], ALICE, "push beta/b", "no", "alice is not in team beta"],
  ["of equally far rules the one that names the place is told of", [{ repositories: ["${claim.owner}/**"], who: { kinds: ["oidc"], claims: { owner: ["acme"] } } }, { repositories: ["beta/shop"], who: { kinds: ["oidc"], claims: { ref: ["refs/tags/*"] } } }], PIPELINE, "push beta/shop", "no", "claim ref is refs/heads/main, wanted is refs/tags/*"],
  ["a rule for another kind of login is not told of, though it names the place", [{ repositories: ["beta/**"], who: { kinds: ["robot"] } }, { repositories: ["${team}/**"], who: "logged-in" }], ALICE, "push beta/b", "no", "alice is not in team beta"],
  ["who is not logged in is told to, where others could", [{ actions: ["pull"], who: { realms: ["/employees"] } }], NOBODY, "pull a/b", "no", "log in to pull"],
  ["who is not logged in is not told to, where nobody could", [{ actions: ["pull"], repositories: ["b/**"] }], NOBODY, "pull a/b", "no", "no rule allows pull from a/b"],
  ["a denial that missed is not told of", [{ effect: "deny", who: { uids: ["bob"] } }], ALICE, "push a/b", "no", "no rule allows push to a/b"],
  ["teams are not asked for when a denial came before", [{ effect: "deny" }, { repositories: ["${team}/**"] }], STRANGER, "push a/b", "no"],
  ["teams are not asked for when everybody is let in anyway", [{ repositories: ["${team}/**"] }, {}], STRANGER, "push a/b", "yes", "rule r2 allows push to a/b"],
  ["teams are not asked for when nobody is let in anyway", [{ effect: "deny", who: { teams: ["beta"] } }], STRANGER, "push a/b", "no"],
  ["teams are asked for when they could deny", [{ effect: "deny", who: { teams: ["beta"] } }, {}], STRANGER, "push a/b", "teams-needed"],
  ["everything at once needs all three", [{ actions: ["pull", "push"] }], ALICE, "* a/b", "no", "no rule allows deletion in a/b"],
  ["everything at once, when all three are allowed", [{ actions: ["*"] }], ALICE, "* a/b", "yes"],
  ["everything at once waits for teams when only they are open", [{ actions: ["delete"] }, { actions: ["push", "pull"], repositories: ["${team}/**"] }], STRANGER, "* a/b", "teams-needed"],
  ["everything at once does not wait when a part is denied", [{ actions: ["push", "pull"], repositories: ["${team}/**"] }], STRANGER, "* a/b", "no"],
  ["a star does not mean the catalog", [{ actions: ["*"] }], ALICE, "catalog", "no", "no rule allows listing the catalog"],
  ["the catalog is named", [{ actions: ["catalog"], who: "logged-in" }], ALICE, "catalog", "yes"],
  ["the catalog can be for some", [{ actions: ["catalog"], who: { realms: ["/x"] } }], ALICE, "catalog", "no", "realm /employees may not list the catalog"],
];

// prettier-ignore
const BOUNDS: readonly Row[] = [
  ["nobody in particular never pushes", [{ actions: ["*"] }], NOBODY, "push a/b", "no", "log in to push"],
  ["nobody in particular never deletes", [{ actions: ["*"] }], NOBODY, "delete a/b", "no", "log in to delete"],
  ["nobody in particular pulls where a rule lets it", [{ actions: ["*"] }], NOBODY, "pull a/b", "yes"],
  ["nobody in particular lists where a rule lets it", [{ actions: ["catalog"] }], NOBODY, "catalog", "yes"],
  ["a machine never pushes", [{ actions: ["*"] }], MACHINE, "push a/b", "no", "machines may only pull"],
  ["a machine never deletes, and its teams are never asked for", [{ actions: ["*"], repositories: ["${team}/**"] }], { ...MACHINE, teams: null }, "delete a/b", "no", "machines may only pull"],
  ["a machine does not get everything at once", [{ actions: ["*"] }], MACHINE, "* a/b", "no", "machines may only pull"],
  ["a machine pulls where a rule lets it", [{ actions: ["*"] }], MACHINE, "pull a/b", "yes"],
  ["a robot does what its limits say", [{ actions: ["*"] }], ROBOT, "push alpha/x", "yes"],
  ["a robot does nothing elsewhere", [{ actions: ["*"] }], ROBOT, "push beta/x", "no", "bot may only pull and push in alpha/**"],
  ["a robot does nothing else", [{ actions: ["*"] }], ROBOT, "delete alpha/x", "no", "bot may only pull and push in alpha/**"],
  ["a robot's limits are no permission", [], ROBOT, "push alpha/x", "no", "no rule allows push to alpha/x"],
  ["a robot without limits does nothing", [{ actions: ["*"] }], robot(null), "pull alpha/x", "no", "bot has been given no access"],
  ["a robot with empty limits does nothing", [{ actions: ["*"] }], robot([]), "pull alpha/x", "no", "bot has been given no access"],
  ["limits that cannot be read allow nothing", [{ actions: ["*"] }], robot([{ repositories: "alpha/***", actions: ["push"] }]), "push alpha/x", "no"],
  ["templates mean nothing in limits", [{ actions: ["*"] }], robot([{ repositories: "${team}/**", actions: ["push"] }], ["alpha"]), "push alpha/x", "no"],
  ["limits bound every kind of login", [{ actions: ["*"] }], caller(oauthIdentity({ limits: [{ repositories: "alpha/**", actions: ["pull"] }] })), "push alpha/x", "no", "alice may only pull in alpha/**"],
  ["limits to some names do not show all names", [{ actions: ["catalog"] }], ROBOT, "catalog", "no", "bot may only pull and push in alpha/**"],
  ["limits that let everything be pushed and nothing pulled do not show all names", [{ actions: ["catalog"] }], robot([{ repositories: "**", actions: ["push"] }]), "catalog", "no"],
  ["limits that let everything be pulled show all names", [{ actions: ["catalog"] }], robot([{ repositories: "**", actions: ["pull"] }]), "catalog", "yes"],
  ["everybody does everything while authentication is off", [{ effect: "deny", actions: ["*"] }], caller(UNRESTRICTED), "* a/b", "yes", "authentication is switched off"],
];

describe.each([
  ["patterns", PATTERNS],
  ["templates", TEMPLATES],
  ["conditions", CONDITIONS],
  ["the order of rules", ORDER],
  ["bounds", BOUNDS],
])("%s", (_what, rows) => {
  // Not the row itself: jest would pass its own callback for a reason that a row leaves out.
  test.each(rows.map((row) => [row[0], row] as const))("%s", (_title, row) => {
    const [, rules, who, asks, wanted, reason] = row;
    const { action, resource } = parseAsk(asks);
    const decision = decide(policyOf(rules), who, resource, action, who);
    const said = decision.allow === true ? "yes" : decision.allow === false ? "no" : decision.allow;
    expect(said).toBe(wanted);
    if (reason !== undefined) expect(decision).toHaveProperty("reason", reason);
  });
});

function caller(identity: Identity, more: Partial<Caller> = {}): Caller {
  return { identity, teams: [], address: "192.0.2.1", ...more };
}

function from(address: string | null): Caller {
  return caller(oauthIdentity(), { address });
}

function robot(limits: Identity["limits"], teams: Caller["teams"] = []): Caller {
  const identity = oauthIdentity({
    kind: "robot",
    uid: "bot",
    realm: "/robots",
    scopes: [],
    limits,
  });
  return caller(identity, { teams });
}
