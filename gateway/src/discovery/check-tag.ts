import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
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
  const found = await askRegistry(pass, seen, seen.digest);
  if (found === "unclear") return;
  pass.tally.add("compared");
  if (found === seen.digest) {
    if (!pass.options.dryRun) await clearMarks(pass.parts.db, seen);
    return;
  }
  if (found === null) await noteAbsent(pass, seen);
  else await noteDrift(pass.drift, seen, found);
}

/**
 * @param pass - the pass
 * @param key - a tag
 * @param supposed - the digest that it should have, if any
 * @returns what it means at the registry, `null` when it has none; an error is counted, what the registry cannot read is
 *   named
 */
export async function askRegistry(
  pass: Pass,
  key: TagKey,
  supposed?: Digest,
): Promise<Digest | null | "unclear"> {
  try {
    const digest = await pass.parts.upstreamDigest(key, supposed);
    pass.tally.answered();
    return digest;
  } catch (error) {
    pass.signal.throwIfAborted();
    if (error instanceof Unreadable) {
      pass.tally.answered();
      pass.tally.problem(`${nameOf(key)}: ${error.message}`);
      return "unclear";
    }
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
