import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import { repositoryMatcher } from "./repository-matcher.js";
import { tagMatcher } from "./tag-glob.js";
import type { Mutability, TagRule } from "./tag-rule.js";

/** Says which rule applies to a tag. */
export interface TagPolicy {
  /** @returns the rule for a tag of a repository */
  ruleFor(repository: RepositoryName, tag: Tag): TagRule;
  /** @returns whether a tag is `latest` of a repository where that means the newest tag, and cannot be written */
  isVirtual(key: { readonly repository: RepositoryName; readonly tag: string }): boolean;
  /** @returns what tells these rules from others, as the audit log has it; absent: they are built in */
  readonly fingerprint?: () => string;
}

/** Stands for the fingerprint of rules that are in no file. */
export const BUILT_IN = "built-in";

/**
 * One rule as it is written; `docs/tags.md` describes it. Exactly one of effect, latest, signatures and scmSource
 * is there.
 */
export interface TagRuleSpec {
  readonly id: string;
  readonly description?: string | undefined;
  /** Globs over full repository names; a namespace `alpha` is `alpha` and `alpha/**`; neither: everywhere. */
  readonly repositories?: readonly string[] | undefined;
  readonly namespaces?: readonly string[] | undefined;
  /** Globs over tags; absent: all. */
  readonly tags?: readonly string[] | undefined;
  /** Tags that an immutable rule leaves mutable, a mutable one immutable, and any other one to other rules. */
  readonly except?: readonly string[] | undefined;
  readonly effect?: Mutability | undefined;
  readonly latest?: "virtual" | "plain" | undefined;
  readonly signatures?: "append-only" | "plain" | undefined;
  readonly scmSource?: "required" | "optional" | undefined;
  readonly deletable?: boolean | undefined;
  readonly message?: string | undefined;
}

/**
 * Tags under which clients keep signatures and referrers of a manifest: the referrers tag schema (OCI
 * distribution-spec, "Referrers Tag Schema") and cosign's `.sig`, `.att` and `.sbom`.
 */
const SIGNATURE_TAG = /^sha(?:256|384|512)-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/;

/** Virtual by default: means the newest tag of its repository. */
export const LATEST = "latest";
const VIRTUAL: TagRule = {
  mutability: "forbidden",
  name: "latest is virtual",
  message: "latest is virtual and means the newest tag",
};
const SIGNATURES: TagRule = {
  mutability: "mutable",
  appendOnly: true,
  name: "signatures only grow",
};
const IMMUTABLE: TagRule = { mutability: "immutable", name: "immutable" };

/**
 * @param specs - the rules in their order; the first that matches decides, and what none matches is immutable
 * @returns them, compiled once
 */
export function compileTagPolicy(specs: readonly TagRuleSpec[]): TagPolicy {
  const rules = specs.map(compileRule);
  const wantingSource = (repository: RepositoryName, tag: Tag) => {
    const rule = rules.find(({ isAbout, wantsSource }) => isAbout(repository) && wantsSource(tag));
    return rule?.spec.scmSource === "required" ? { sourceWantedBy: rule.spec.id } : {};
  };
  const special = (key: "latest" | "signatures", repository: RepositoryName) =>
    rules.find(({ spec, isAbout }) => spec[key] !== undefined && isAbout(repository))?.spec;
  const isVirtual: TagPolicy["isVirtual"] = ({ repository, tag }) =>
    tag === LATEST && special("latest", repository)?.latest !== "plain";
  return {
    isVirtual,
    ruleFor: (repository, tag) => {
      if (isVirtual({ repository, tag })) return VIRTUAL;
      if (isSignatureTag(tag)) {
        const rule = special("signatures", repository);
        if (rule?.signatures !== "plain") return { ...SIGNATURES, ...optionsOf(rule) };
      }
      for (const { isAbout, apply } of rules) {
        const rule = isAbout(repository) ? apply(tag) : null;
        if (rule !== null) return { ...rule, ...wantingSource(repository, tag) };
      }
      return { ...IMMUTABLE, ...wantingSource(repository, tag) };
    },
  };
}

/**
 * @param tag - a tag
 * @returns whether clients keep signatures or referrers under it
 */
export function isSignatureTag(tag: Tag): boolean {
  return SIGNATURE_TAG.test(tag);
}

/** Pier One's rules: immutable, `*-SNAPSHOT` mutable, `latest` virtual; and signatures may grow. */
export const PIER_ONE_TAGS: TagPolicy = compileTagPolicy([
  { id: "*-SNAPSHOT is mutable", tags: ["*-SNAPSHOT"], effect: "mutable" },
]);

interface CompiledRule {
  readonly spec: TagRuleSpec;
  readonly isAbout: (repository: RepositoryName) => boolean;
  /** @returns what the rule says about a tag, or `null` when that is left to the next one */
  readonly apply: (tag: Tag) => TagRule | null;
  /** @returns whether the rule says if the tag needs a source */
  readonly wantsSource: (tag: Tag) => boolean;
}

function compileRule(spec: TagRuleSpec): CompiledRule {
  const { repositories = [], namespaces = [], tags = ["*"], except = [], effect } = spec;
  const [matches, isExcepted] = [tagMatcher(tags), tagMatcher(except)];
  const ruleWith = (mutability: Mutability): TagRule => ({
    mutability,
    name: spec.id,
    ...optionsOf(spec),
  });
  return {
    spec,
    isAbout: repositoryMatcher(repositories, namespaces),
    apply: (tag) => {
      if (effect === undefined || !matches(tag)) return null;
      if (!isExcepted(tag)) return ruleWith(effect);
      if (effect === "forbidden") return null;
      return ruleWith(effect === "immutable" ? "mutable" : "immutable");
    },
    wantsSource: (tag) => spec.scmSource !== undefined && matches(tag) && !isExcepted(tag),
  };
}

function optionsOf(spec: TagRuleSpec | undefined): Pick<TagRule, "deletable" | "message"> {
  return {
    ...(spec?.deletable === undefined ? {} : { deletable: spec.deletable }),
    ...(spec?.message === undefined ? {} : { message: spec.message }),
  };
}
