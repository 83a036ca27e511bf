import type { Privilege } from "./directory.js";
import type { Conditions, PolicyAction, RuleSpec } from "./rule.js";

/** A place whose repositories belong to somebody, and what stands for them in its name. */
interface Place {
  readonly id: string;
  readonly push: string;
  readonly pull: string;
}

const PLACES: readonly Place[] = [
  { id: "users", push: "users/${user}", pull: "users/${user}" },
  { id: "groups", push: "groups/${group}", pull: "groups/${group}" },
  { id: "apps", push: "apps/${app.responsible}", pull: "apps/${app.published}" },
];

const PUBLISHED = { published: true } as const;
const RESPONSIBLE = { responsible: true } as const;
const EVERYWHERE = ["**"];
const MISSING = "${missing}";

/**
 * The rules of OpenSVC's collector, sentence by sentence; `docs/opensvc.md` says which rule is which, and what was chosen
 * where its document says nothing, or two things.
 */
export const OPENSVC_RULES: readonly RuleSpec[] = [
  {
    id: "services-pull-only",
    effect: "deny",
    actions: ["push", "delete", "manage"],
    repositories: EVERYWHERE,
    who: { kinds: ["service"] },
    message: "services only pull",
  },
  {
    id: "services-no-people",
    effect: "deny",
    actions: ["pull"],
    namespaces: ["users", "groups"],
    who: { kinds: ["service"] },
    message: "services pull nothing below ${namespace}/",
  },
  ...PLACES.flatMap(rulesOfPlace),
  {
    id: "apps-pull-services",
    effect: "allow",
    actions: ["pull"],
    repositories: below("apps/${service.app}"),
    who: { kinds: ["service"], registry: PUBLISHED },
  },
  {
    id: "places-end",
    description: "What belongs to somebody is not among the other prefixes.",
    effect: "deny",
    actions: ["pull", "push", "delete", "manage"],
    namespaces: PLACES.map(({ id }) => id),
    who: "anyone",
    message: MISSING,
  },
  other("push", { registry: RESPONSIBLE, privileges: all("Pusher", "Manager") }),
  other("delete", { registry: RESPONSIBLE, privileges: all("Pusher", "Manager") }),
  other("pull", { registry: PUBLISHED, privileges: all("Puller") }),
  other("pull", { kinds: ["service"], registry: PUBLISHED }, "-services"),
  {
    id: "catalog",
    description: "Lists show what may be pulled, and nothing of the rest.",
    effect: "allow",
    actions: ["catalog"],
    who: { registry: PUBLISHED },
  },
];

function rulesOfPlace({ id, push, pull }: Place): readonly RuleSpec[] {
  const pusher = { privileges: all("Pusher") };
  const unrestricted = { registry: { restricted: false, ...PUBLISHED }, ...pusher };
  const restricted = { registry: { restricted: true, ...RESPONSIBLE }, ...pusher };
  const allow = (name: string, action: PolicyAction, path: string, who: Conditions): RuleSpec => ({
    id: `${id}-${name}`,
    effect: "allow",
    actions: [action],
    repositories: below(path),
    who,
  });
  return [
    allow("push", "push", push, unrestricted),
    allow("push-restricted", "push", push, restricted),
    allow("pull", "pull", pull, { registry: PUBLISHED, privileges: all("Puller") }),
    allow("delete", "delete", push, { registry: RESPONSIBLE, ...pusher }),
  ];
}

function other(action: PolicyAction, who: Conditions, ending = ""): RuleSpec {
  const id = `other-${action}${ending}`;
  return { id, effect: "allow", actions: [action], repositories: EVERYWHERE, who };
}

function below(path: string): readonly string[] {
  return [path, `${path}/**`];
}

function all(...privileges: readonly Privilege[]): { readonly allOf: readonly Privilege[] } {
  return { allOf: privileges };
}
