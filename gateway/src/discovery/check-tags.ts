import type { Digest } from "#registry-protocol/digest.js";
import {
  entryOf,
  nameAndDigest,
  nameOf,
  recordDrift,
  tellDrift,
  tryRepair,
  type DriftNews,
} from "../drift/note-drift.js";
import type { SeenTag } from "../drift/seen-tag.js";
import { clearMarks, countMissing, type CountedMissing } from "../drift/sql/mark-tag.js";
import type { Transaction } from "#service-kit/db/pool.js";
import { askRegistry } from "./ask-registry.js";
import { paced } from "./paced.js";
import type { Pass } from "./pass.js";

/** A tag, and what it means at the registry; `null`: it is not there. */
interface Difference {
  readonly seen: SeenTag;
  readonly found: Digest | null;
}

/** A difference, and what was made of it; `null`: the tag was pushed meanwhile, so that nothing can be said. */
type Noted =
  | { readonly kind: "absent"; readonly seen: SeenTag; readonly counted: CountedMissing | null }
  | { readonly kind: "drift"; readonly seen: SeenTag; readonly found: Digest; readonly news: DriftNews }; // prettier-ignore

/**
 * Compares tags of the ledger with the registry. Only a clear answer counts; an error changes nothing. What is found goes
 * on record in one transaction; where nothing is, there is none.
 *
 * @param pass - the pass
 * @param tags - the tags, in their order; their repositories were listed to the end in this pass
 */
export async function checkTags(pass: Pass, tags: readonly SeenTag[]): Promise<void> {
  const differences: Difference[] = [];
  const clean: SeenTag[] = [];
  await paced(tags, pass.pace.questions, pass.signal, async (seen) => {
    const found = await askRegistry(pass, seen, seen.digest);
    if (found === "unclear") return;
    pass.tally.add("compared");
    if (found !== seen.digest) differences.push({ seen, found });
    else if (seen.marked) clean.push(seen);
  });
  const noted = await putOnRecord(pass, inOrder(tags, differences), clean);
  for (const one of noted)
    if (one.kind === "absent") await tellAbsent(pass, one.seen, one.counted);
    else await tellDrift(pass.drift, one, one.news);
}

/** The registry's answers come as they please; rows are locked in the order in which everybody locks them. */
function inOrder(tags: readonly SeenTag[], found: readonly Difference[]): Difference[] {
  const places = new Map(tags.map((seen, place) => [seen, place]));
  return found.toSorted((a, b) => (places.get(a.seen) ?? 0) - (places.get(b.seen) ?? 0));
}

async function putOnRecord(
  pass: Pass,
  differences: readonly Difference[],
  clean: readonly SeenTag[],
): Promise<Noted[]> {
  if (differences.length + clean.length === 0) return [];
  if (pass.options.dryRun)
    return differences.map(({ seen, found }) =>
      found === null
        ? { kind: "absent", seen, counted: null }
        : { kind: "drift", seen, found, news: true },
    );
  return pass.parts.db.transaction(
    async (tx) => {
      for (const seen of clean) await clearMarks(tx, seen);
      const noted: Noted[] = [];
      for (const { seen, found } of differences)
        noted.push(
          found === null
            ? { kind: "absent", seen, counted: await recordAbsent(pass, tx, seen) }
            : { kind: "drift", seen, found, news: await recordDrift(pass.drift, tx, seen, found) },
        );
      return noted;
    },
    differences[0]?.seen.repository ?? clean[0]?.repository ?? "",
  );
}

async function recordAbsent(
  { parts, began, options }: Pass,
  tx: Transaction,
  seen: SeenTag,
): Promise<CountedMissing | null> {
  const counted = await countMissing(tx, seen, { began, sightings: options.sightings });
  if (counted?.marked === true)
    await parts.audit(
      tx,
      entryOf("tag.missing", seen, {
        reason: `not found at the registry in ${counted.sightings} passes in a row`,
        detail: { sightings: counted.sightings },
      }),
    );
  return counted;
}

async function tellAbsent(
  pass: Pass,
  seen: SeenTag,
  counted: CountedMissing | null,
): Promise<void> {
  const { dryRun, repair } = pass.options;
  if (dryRun) {
    pass.tally.add("absent");
    pass.tally.add(repair && seen.missing ? "repaired" : "absentLeft");
    pass.tally.problem(`${nameOf(seen)} is not at the registry`);
    return;
  }
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
