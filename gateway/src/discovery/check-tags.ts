import type { AuditEntry } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import {
  driftEntry,
  entryOf,
  nameAndDigest,
  nameOf,
  tellDrift,
  tryRepair,
  type DriftNews,
} from "../drift/note-drift.js";
import type { SeenTag } from "../drift/seen-tag.js";
import {
  clearMarks,
  countMissing,
  forgetFound,
  markDrift,
  type CountedMissing,
} from "../drift/sql/mark-tag.js";
import type { Transaction } from "#service-kit/db/pool.js";
import { askRegistry } from "./ask-registry.js";
import { isToBeTaken } from "./take-over.js";
import { paced } from "./paced.js";
import { driftOf, type Pass } from "./pass.js";

/** A tag that is not as it was, and what it means at the registry; `null`: it is not there. */
interface Finding {
  readonly seen: SeenTag;
  readonly found: Digest | null;
}

/** What came of not finding a tag. */
type CountedAbsent = CountedMissing & { readonly forgotten: boolean };

/** What was made of a finding; `null`: the tag was pushed meanwhile, so that nothing can be said. */
type Noted =
  | { readonly kind: "clean" }
  | { readonly kind: "absent"; readonly seen: SeenTag; readonly counted: CountedAbsent | null }
  | { readonly kind: "drift"; readonly seen: SeenTag; readonly found: Digest; readonly news: DriftNews }; // prettier-ignore

/**
 * Compares tags of the ledger with the registry. Only a clear answer counts; an error changes nothing. What is found in one
 * repository goes on record in one transaction; where nothing is, there is none.
 *
 * @param pass - the pass
 * @param tags - the tags, in their order; their repositories were listed to the end in this pass
 */
export async function checkTags(pass: Pass, tags: readonly SeenTag[]): Promise<void> {
  const findings: Finding[] = [];
  try {
    await paced(tags, pass.pace.questions, pass.signal, async (seen) => {
      const found = await askRegistry(pass, seen, seen.digest);
      if (found === "unclear") return;
      pass.tally.add("compared");
      if (found !== null && isToBeTaken(pass, seen, found)) pass.taken.push({ seen, found });
      else if (found !== seen.digest || seen.marked) findings.push({ seen, found });
    });
  } finally {
    for (const some of byRepository(inOrder(tags, findings)))
      for (const noted of await putOnRecord(pass, some)) await tell(pass, noted);
  }
}

/** The registry's answers come as they please; rows are locked in the order in which everybody locks them. */
function inOrder(tags: readonly SeenTag[], findings: readonly Finding[]): Finding[] {
  const places = new Map(tags.map((seen, place) => [seen, place]));
  return findings.toSorted((a, b) => (places.get(a.seen) ?? 0) - (places.get(b.seen) ?? 0));
}

function byRepository(findings: readonly Finding[]): Iterable<Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.seen.repository);
    if (group === undefined) groups.set(finding.seen.repository, [finding]);
    else group.push(finding);
  }
  return groups.values();
}

/** Entries come behind all rows: whoever holds a row and waits for a chain of the audit log is not waited for. */
async function putOnRecord(pass: Pass, findings: readonly Finding[]): Promise<Noted[]> {
  if (pass.options.dryRun) return findings.map(unrecorded);
  return pass.parts.db.transaction(async (tx) => {
    const noted: Noted[] = [];
    for (const finding of findings) noted.push(await mark(pass, tx, finding));
    for (const one of noted) for (const entry of entriesOf(one)) await pass.parts.audit(tx, entry);
    return noted;
  }, findings[0]?.seen.repository ?? "");
}

function unrecorded({ seen, found }: Finding): Noted {
  if (found === null) return { kind: "absent", seen, counted: null };
  return found === seen.digest ? { kind: "clean" } : { kind: "drift", seen, found, news: true };
}

async function mark(pass: Pass, tx: Transaction, { seen, found }: Finding): Promise<Noted> {
  if (found === null) return { kind: "absent", seen, counted: await countAbsent(pass, tx, seen) };
  if (found !== seen.digest)
    return { kind: "drift", seen, found, news: await markDrift(tx, seen, found) };
  await clearMarks(tx, seen);
  return { kind: "clean" };
}

async function countAbsent(
  { began, options }: Pass,
  tx: Transaction,
  seen: SeenTag,
): Promise<CountedAbsent | null> {
  const counted = await countMissing(tx, seen, { began, sightings: options.sightings });
  if (counted === null) return null;
  const { sightings } = counted;
  if (sightings >= options.sightings && (await forgetFound(tx, seen)))
    return { sightings, marked: false, forgotten: true };
  return { ...counted, forgotten: false };
}

function entriesOf(noted: Noted): AuditEntry[] {
  if (noted.kind === "drift") return noted.news === true ? [driftEntry(noted)] : [];
  if (noted.kind === "clean" || noted.counted === null) return [];
  const { sightings, marked, forgotten } = noted.counted;
  const reason = `not found at the registry in ${sightings} passes in a row`;
  if (forgotten) {
    const detail = { change: "forgotten", sightings };
    const why = `${reason}, and nobody had pushed, locked or read it`;
    return [entryOf("tag.deleted", noted.seen, { reason: why, detail })];
  }
  return marked ? [entryOf("tag.missing", noted.seen, { reason, detail: { sightings } })] : [];
}

async function tell(pass: Pass, noted: Noted): Promise<void> {
  if (noted.kind === "absent") await tellAbsent(pass, noted.seen, noted.counted);
  if (noted.kind === "drift") await tellDrift(driftOf(pass), noted, noted.news);
}

async function tellAbsent(pass: Pass, seen: SeenTag, counted: CountedAbsent | null): Promise<void> {
  const { dryRun, repair } = pass.options;
  if (dryRun) {
    pass.tally.add("absent");
    pass.tally.add(repair && seen.missing ? "repaired" : "absentLeft");
    pass.tally.problem(`${nameOf(seen)} is not at the registry`);
    return;
  }
  if (counted === null) return;
  pass.tally.add("absent");
  if (counted.forgotten) {
    pass.tally.problem(`${nameOf(seen)} was found here once, and is gone: its name is free again`);
    pass.parts.log.warn({ event: "tag.forgotten", ...nameAndDigest(seen) });
    return;
  }
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
  const repaired = fixes && (await tryRepair(driftOf(pass), seen, "it was missing"));
  if (!repaired) pass.tally.add("absentLeft");
}
