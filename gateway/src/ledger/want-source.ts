import { Fault } from "#registry-protocol/faults.js";
import { annotatedSource, type SearchResult } from "../scm/find-source.js";
import { readSource } from "../scm/sql/scm-source.js";
import type { PushDeps, TagPush } from "./push.js";
import { recordRefusal } from "./refusal.js";
import { sourceRefusal } from "./source-refusal.js";
import { readTagState } from "./sql/read-tag.js";
import { decideTagWrite } from "#tag-policy/decide-tag-write.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

/**
 * Where a rule wants it, sees to it that the source of what is pushed is known before anything is written. A
 * repeat of what the tag means already passes.
 *
 * @param deps - ledger and registry
 * @param push - the push, with the source that its header names
 * @param rule - the rule for the tag
 * @returns the push with its source, where one is wanted
 * @throws Fault SCM_SOURCE_REQUIRED when there is none, UNAVAILABLE when that cannot be told
 */
export async function withSource(deps: PushDeps, push: TagPush, rule: TagRule): Promise<TagPush> {
  if (rule.sourceWantedBy === undefined || push.source != null) return push;
  const known = annotatedSource(push.manifest.reading) ?? (await readSource(deps.db, push));
  if (known !== null) return { ...push, source: known };
  const state = await readTagState(deps.db, push);
  if (state.kind === "held" && state.digest === push.digest) return push;
  // What cannot be pushed for another reason is refused for that one.
  if (decideTagWrite(state, push.digest, rule.mutability).outcome === "refuse") return push;
  const { found, note } = await search(deps, push);
  if (found !== null) return { ...push, source: found };
  await recordRefusal(deps, push, "scm-source-missing", { rule: rule.sourceWantedBy, note });
  throw new Fault("SCM_SOURCE_REQUIRED", sourceRefusal(rule.sourceWantedBy, note));
}

async function search(deps: PushDeps, push: TagPush): Promise<SearchResult> {
  return deps.findSource(push).catch((cause: unknown) => {
    deps.counts.outcome("undecided");
    throw new Fault("UNAVAILABLE", {
      message: "the image's SCM source cannot be looked for at the moment; push again",
      cause,
    });
  });
}
