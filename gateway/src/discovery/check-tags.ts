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
import { clearMarks, countMissing, markDrift, type CountedMissing } from "../drift/sql/mark-tag.js";
import type { Transaction } from "#service-kit/db/pool.js";
import { askRegistry } from "./ask-registry.js";
import { paced } from "./paced.js";
import type { Pass } from "./pass.js";

/** A tag that is not as it was, and what it means at the registry; `null`: it is not there. */
interface Finding {
  readonly seen: SeenTag;
  readonly found: Digest | null;
}

/** What was made of a finding; `null`: the tag was pushed meanwhile, so that nothing can be said. */
type Noted =
  | { readonly kind: "clean" }
  | { readonly kind: "absent"; readonly seen: SeenTag; readonly counted: CountedMissing | null }
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
      if (found !== seen.digest || seen.marked) findings.push({ seen, found });
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
  if (found === null) {
    const since = { began: pass.began, sightings: pass.options.sightings };
    return { kind: "absent", seen, counted: await countMissing(tx, seen, since) };
  }
  if (found !== seen.digest)
    return { kind: "drift", seen, found, news: await markDrift(tx, seen, found) };
  await clearMarks(tx, seen);
  return { kind: "clean" };
}

function entriesOf(noted: Noted): AuditEntry[] {
  if (noted.kind === "drift") return noted.news === true ? [driftEntry(noted)] : [];
  if (noted.kind === "clean" || noted.counted?.marked !== true) return [];
  const { sightings } = noted.counted;
  const reason = `not found at the registry in ${sightings} passes in a row`;
  return [entryOf("tag.missing", noted.seen, { reason, detail: { sightings } })];
}

async function tell(pass: Pass, noted: Noted): Promise<void> {
  if (noted.kind === "absent") await tellAbsent(pass, noted.seen, noted.counted);
  if (noted.kind === "drift") await tellDrift(pass.drift, noted, noted.news);
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
