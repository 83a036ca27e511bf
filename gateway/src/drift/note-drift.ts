import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { AdoptDeps } from "../ledger/adopt.js";
import { reasonOf } from "./reason-of.js";
import type { RepairOutcome } from "./repair-tag.js";
import type { SeenTag } from "./seen-tag.js";
import { markDrift } from "./sql/mark-tag.js";

/** What noting drift needs. */
export interface DriftDeps extends AdoptDeps {
  readonly policy: TagPolicy;
  /** Writes what the ledger says to the registry again. */
  readonly repair: (seen: SeenTag, reason: string) => Promise<RepairOutcome>;
  /** Ends what is under way early. */
  readonly signal: AbortSignal;
  readonly tally: DriftTally;
  readonly options: {
    /** Whether nothing is changed. */
    readonly dryRun: boolean;
    readonly repair: boolean;
  };
}

/** Counts what is found. */
export interface DriftTally {
  add(count: "drifted" | "repaired" | "driftLeft"): void;
  /** Notes something in words. */
  problem(text: string): void;
  /** Counts an error. */
  error(text: string): void;
}

/**
 * Puts on record that a tag means something else at the registry, and repairs it where that is wanted.
 *
 * @param pass - the pass, or what else looked
 * @param seen - the tag; when it has changed since it was seen, nothing is noted
 * @param found - what it means at the registry
 * @returns whether it was noted
 */
export async function noteDrift(pass: DriftDeps, seen: SeenTag, found: Digest): Promise<boolean> {
  const news = pass.options.dryRun
    ? true
    : await pass.db.transaction(async (tx) => {
        const marked = await markDrift(tx, seen, found);
        if (marked === true) await pass.audit(tx, driftEntry({ seen, found }));
        return marked;
      }, seen.repository);
  return tellDrift(pass, { seen, found }, news);
}

/** Whether drift is news; `null` when the tag was pushed meanwhile, so that nothing can be said. */
export type DriftNews = boolean | null;

/**
 * Tells of drift that has gone on record, and repairs it where that is wanted.
 *
 * @param pass - the pass, or what else looked
 * @param drift - the tag, and what it means at the registry
 * @param news - what putting it on record has said
 * @returns whether it was noted
 */
export async function tellDrift(
  pass: DriftDeps,
  { seen, found }: { readonly seen: SeenTag; readonly found: Digest },
  news: DriftNews,
): Promise<boolean> {
  const { dryRun, repair } = pass.options;
  if (news === null) return false;
  if (news && !dryRun) pass.log.error({ event: "tag.drifted", ...nameAndDigest(seen), found });
  pass.tally.add("drifted");
  pass.tally.problem(`${nameOf(seen)} is ${found} at the registry, ${seen.digest} in the ledger`);
  const fixes = repair && isImmutable(pass, seen);
  if (dryRun && fixes) pass.tally.add("repaired");
  const repaired = fixes && (dryRun || (await tryRepair(pass, seen, `the registry had ${found}`)));
  if (!repaired) pass.tally.add("driftLeft");
  return true;
}

/**
 * @param drift - the tag, and what it means at the registry
 * @returns the entry for the audit log
 */
export function driftEntry({ seen, found }: { readonly seen: SeenTag; readonly found: Digest }) {
  return entryOf("tag.drifted", seen, {
    reason: "the registry has another digest, which nobody pushed through the gateway",
    detail: { found },
  });
}

/**
 * @param pass - the pass, or what else looked
 * @param seen - the tag
 * @param reason - what was wrong, for the audit log
 * @returns whether the registry has again what the ledger says; why not is counted and noted
 */
export async function tryRepair(pass: DriftDeps, seen: SeenTag, reason: string): Promise<boolean> {
  const outcome = await pass.repair(seen, reason).catch((error: unknown) => {
    pass.signal.throwIfAborted();
    pass.tally.error(`${nameOf(seen)} could not be repaired: ${reasonOf(error)}`);
    return "failed" as const;
  });
  if (outcome === "repaired") pass.tally.add("repaired");
  else if (outcome !== "failed") pass.tally.problem(`${nameOf(seen)} was not repaired: ${outcome}`);
  return outcome === "repaired";
}

function isImmutable({ policy }: DriftDeps, { repository, tag, locked }: SeenTag): boolean {
  return locked || policy.ruleFor(repository, tag).mutability !== "mutable";
}

/**
 * @param action - what came to light
 * @param seen - the tag
 * @param rest - why, and what else is known
 * @returns the entry for the audit log, in nobody's name
 */
export function entryOf(
  action: AuditAction,
  { repository, tag, digest }: SeenTag,
  rest: { readonly reason: string; readonly detail: Readonly<Record<string, unknown>> },
) {
  return { action, actor: SYSTEM, repository, tag, digest, ...rest };
}

/** @returns what a log line says of a tag */
export function nameAndDigest({ repository, tag, digest }: SeenTag) {
  return { repository, tag, digest };
}

/** @returns a tag's name as people write it */
export function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
