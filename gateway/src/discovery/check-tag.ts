import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "../ledger/sql/reserve-tag.js";
import { reasonOf, type Pass, type PassOptions } from "./pass.js";
import { clearMarks, countMissing, markDrift } from "../drift/sql/mark-tag.js";
import type { SeenTag } from "./sql/staging.js";

/**
 * Compares a tag of the ledger with the registry. Only a clear answer counts; an error changes nothing.
 *
 * @param pass - the pass
 * @param seen - the tag; its repository was listed to the end in this pass
 */
export async function checkTag(pass: Pass, seen: SeenTag): Promise<void> {
  const found = await askRegistry(pass, seen);
  if (found === "unclear") return;
  pass.tally.add("compared");
  if (found === seen.digest) {
    if (!pass.options.dryRun) await clearMarks(pass.db, seen);
    return;
  }
  if (found === null) await noteAbsent(pass, seen);
  else await noteDrift(pass, seen, found);
}

/** @returns what a tag means at the registry, `null` when it has none; an error is counted */
export async function askRegistry(pass: Pass, key: TagKey): Promise<Digest | null | "unclear"> {
  try {
    const digest = await pass.upstreamDigest(key);
    pass.tally.answered();
    return digest;
  } catch (error) {
    pass.signal.throwIfAborted();
    pass.tally.error(`${nameOf(key)}: ${reasonOf(error)}`);
    return "unclear";
  }
}

async function noteAbsent(pass: Pass, seen: SeenTag): Promise<void> {
  const { dryRun, sightings, repair } = pass.options;
  if (dryRun) {
    pass.tally.add("absent");
    pass.tally.add(repair && seen.missing ? "repaired" : "absentLeft");
    pass.tally.problem(`${nameOf(seen)} is not at the registry`);
    return;
  }
  const counted = await pass.db.transaction(async (tx) => {
    const result = await countMissing(tx, seen, { began: pass.began, sightings });
    if (result?.marked === true)
      await pass.audit(
        tx,
        entryOf("tag.missing", seen, {
          reason: `not found at the registry in ${result.sightings} passes in a row`,
          detail: { sightings: result.sightings },
        }),
      );
    return result;
  });
  if (counted === null) return;
  pass.tally.add("absent");
  pass.tally.problem(
    `${nameOf(seen)} is not at the registry (${counted.sightings} times in a row)`,
  );
  if (counted.marked) {
    pass.tally.add("missing");
    pass.log.error({ event: "tag.missing", ...describe(seen), sightings: counted.sightings });
  }
  const fixes = repair && (seen.missing || counted.marked);
  const repaired = fixes && (await tryRepair(pass, seen, "it was missing"));
  if (!repaired) pass.tally.add("absentLeft");
}

/** What noting drift needs. */
export interface DriftDeps extends Pick<
  Pass,
  "db" | "log" | "audit" | "policy" | "repair" | "signal" | "tally"
> {
  readonly options: Pick<PassOptions, "dryRun" | "repair">;
}

/**
 * Puts on record that a tag means something else at the registry, and repairs it where that is wanted.
 *
 * @param pass - the pass, or what else looked
 * @param seen - the tag; when it has changed since it was seen, nothing is noted
 * @param found - what it means at the registry
 */
export async function noteDrift(pass: DriftDeps, seen: SeenTag, found: Digest): Promise<void> {
  const { dryRun, repair } = pass.options;
  const news = dryRun ? true : await recordDrift(pass, seen, found);
  if (news === null) return;
  pass.tally.add("drifted");
  pass.tally.problem(`${nameOf(seen)} is ${found} at the registry, ${seen.digest} in the ledger`);
  const fixes = repair && isImmutable(pass, seen);
  if (dryRun && fixes) pass.tally.add("repaired");
  const repaired = fixes && (dryRun || (await tryRepair(pass, seen, `the registry had ${found}`)));
  if (!repaired) pass.tally.add("driftLeft");
}

async function recordDrift(pass: DriftDeps, seen: SeenTag, found: Digest): Promise<boolean | null> {
  const news = await pass.db.transaction(async (tx) => {
    const isNews = await markDrift(tx, seen, found);
    if (isNews === true)
      await pass.audit(
        tx,
        entryOf("tag.drifted", seen, {
          reason: "the registry has another digest, which nobody pushed through the gateway",
          detail: { found },
        }),
      );
    return isNews;
  });
  if (news === true) pass.log.error({ event: "tag.drifted", ...describe(seen), found });
  return news;
}

async function tryRepair(pass: DriftDeps, seen: SeenTag, reason: string): Promise<boolean> {
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

function entryOf(
  action: AuditAction,
  { repository, tag, digest }: SeenTag,
  rest: { readonly reason: string; readonly detail: Readonly<Record<string, unknown>> },
) {
  return { action, actor: SYSTEM, repository, tag, digest, ...rest };
}

function describe({ repository, tag, digest }: SeenTag) {
  return { repository, tag, digest };
}

function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
