import { compilePolicy, type Policy } from "./compile.js";
import type { RuleSpec } from "./rule.js";

/**
 * Pier One's rules: whoever is known may pull, teams push below their own name and manage robots there, nobody
 * deletes. `docs/policy.md` spells them out as a file.
 */
export const DEFAULT_RULES: readonly RuleSpec[] = [
  {
    id: "push-login",
    effect: "deny",
    actions: ["push", "manage"],
    repositories: ["**"],
    who: { kinds: ["anonymous"] },
    message: "log in to ${action}",
  },
  {
    id: "push-artifact",
    effect: "deny",
    actions: ["push"],
    repositories: ["*"],
    who: "anyone",
    message: "images live below a team: team/artifact",
  },
  {
    id: "robots",
    description:
      "A robot may do what its makers gave it, who had it themselves: its limits bound this.",
    effect: "allow",
    actions: ["*"],
    repositories: ["**"],
    who: { kinds: ["robot"] },
    message: "${uid} was given this",
  },
  {
    id: "no-delete",
    effect: "deny",
    actions: ["delete"],
    repositories: ["**"],
    who: "anyone",
    message: "images are never deleted",
  },
  {
    id: "pull-public",
    description: "Nobody in particular gets here only where public read is on.",
    effect: "allow",
    actions: ["pull"],
    repositories: ["**"],
    who: { kinds: ["anonymous"] },
    message: "public read is on",
  },
  {
    id: "pull",
    effect: "allow",
    actions: ["pull"],
    repositories: ["**"],
    who: "logged-in",
    message: "whoever is logged in may pull",
  },
  {
    id: "catalog",
    effect: "allow",
    actions: ["catalog"],
    who: "logged-in",
    message: "whoever is logged in may list the catalog",
  },
  {
    id: "push-machine",
    effect: "deny",
    actions: ["push", "manage"],
    repositories: ["**"],
    who: { kinds: ["machine"] },
    message: "machines may only pull",
  },
  {
    id: "push-anywhere",
    effect: "allow",
    actions: ["push", "manage"],
    repositories: ["**"],
    who: { scopes: { anyOf: ["application.write_all", "application.write_all_trusted"] } },
    message: "scope ${scope}",
  },
  {
    id: "push-realms",
    effect: "deny",
    actions: ["push", "manage"],
    repositories: ["**"],
    who: "anyone",
    unless: { realms: ["/employees", "/services"] },
    message: "realm ${realm} may not ${action}",
  },
  {
    id: "push-employees",
    effect: "allow",
    actions: ["push", "manage"],
    repositories: ["${team}/**"],
    who: { realms: ["/employees"] },
    message: "${uid} is in team ${team}",
  },
  {
    id: "push-services",
    effect: "allow",
    actions: ["push", "manage"],
    repositories: ["${team}/**"],
    who: { realms: ["/services"], scopes: { allOf: ["application.write"] } },
    message: "${uid} is in team ${team}",
  },
];

/** What decides where no policy file is given. */
export const DEFAULT_POLICY: Policy = compilePolicy(DEFAULT_RULES);
