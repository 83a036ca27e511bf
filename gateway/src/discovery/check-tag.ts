import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Pass } from "./pass.js";
import { entryOf, nameAndDigest, nameOf, noteDrift, tryRepair } from "../drift/note-drift.js";
import { reasonOf } from "../drift/reason-of.js";
import { clearMarks, countMissing } from "../drift/sql/mark-tag.js";
import type { SeenTag } from "../drift/seen-tag.js";

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
    if (!pass.options.dryRun) await clearMarks(pass.parts.db, seen);
    return;
  }
  if (found === null) await noteAbsent(pass, seen);
  else await noteDrift(pass.drift, seen, found);
}

/** @returns what a tag means at the registry, `null` when it has none; an error is counted */
export async function askRegistry(pass: Pass, key: TagKey): Promise<Digest | null | "unclear"> {
  try {
    const digest = await pass.parts.upstreamDigest(key);
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
  const counted = await pass.parts.db.transaction(async (tx) => {
    const result = await countMissing(tx, seen, { began: pass.began, sightings });
    if (result?.marked === true)
      await pass.parts.audit(
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
    pass.parts.log.error({
      event: "tag.missing",
      ...nameAndDigest(seen),
      sightings: counted.sightings,
    });
  }
  const fixes = repair && (seen.missing || counted.marked);
  const repaired = fixes && (await tryRepair(pass.drift, seen, "it was missing"));
  if (!repaired) pass.tally.add("absentLeft");
}
