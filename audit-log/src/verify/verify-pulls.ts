import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { daysWithPulls, pullEntries, readDayOfPulls, type DayOfPulls } from "../sql/pull-days.js";

/** A day whose pulls are not as the audit log says. */
export interface PullFinding {
  readonly day: string;
  readonly problem: string;
}

/** What was found. */
export interface VerifiedPulls {
  /** Days that were compared. */
  readonly checked: number;
  /** Days whose records were forgotten, which is on record. */
  readonly forgotten: number;
  readonly findings: readonly PullFinding[];
}

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const sealedSchema = z.object({
  detail: z.object({ day, records: z.number(), pulls: z.number(), sha256: z.string() }),
});
const forgottenSchema = z.object({ detail: z.object({ through: day }) });

/**
 * Compares who pulled on each day that is over with the digest of it that went on record when it was: what was put in, taken
 * out or changed later does not fit.
 *
 * @param tx - audit log and ledger, as they stand at one moment
 * @param progress - told how far it is
 * @returns what was found
 */
export async function verifyPulls(
  tx: Queryable,
  progress: (text: string) => void,
): Promise<VerifiedPulls> {
  const sealed = await sealedDays(tx);
  const through = await forgottenThrough(tx);
  const findings: PullFinding[] = [];
  let checked = 0;
  for (const [name, said] of sealed) {
    if (name <= through) continue;
    const problem = differenceOf(said, await readDayOfPulls(tx, name));
    if (problem !== null) findings.push({ day: name, problem });
    checked += 1;
    progress(`${checked} days of pulls`);
  }
  const last = [...sealed.keys()].sort().at(-1) ?? null;
  for (const name of await daysWithPulls(tx, last))
    if (!sealed.has(name) && name > through)
      findings.push({
        day: name,
        problem: "has records, though none were on record when it was over",
      });
  const forgotten = [...sealed.keys()].filter((name) => name <= through).length;
  return { checked, forgotten, findings };
}

/** The first entry of a day counts: no later one can say otherwise. */
async function sealedDays(tx: Queryable): Promise<Map<string, DayOfPulls>> {
  const days = new Map<string, DayOfPulls>();
  for (const content of await pullEntries(tx, "pulls.sealed")) {
    const entry = sealedSchema.safeParse(jsonOrNull(content));
    if (entry.success && !days.has(entry.data.detail.day))
      days.set(entry.data.detail.day, entry.data.detail);
  }
  return days;
}

async function forgottenThrough(tx: Queryable): Promise<string> {
  const entries = await pullEntries(tx, "pulls.forgotten");
  const days = entries.flatMap((content) => {
    const entry = forgottenSchema.safeParse(jsonOrNull(content));
    return entry.success ? [entry.data.detail.through] : [];
  });
  return days.sort().at(-1) ?? "";
}

function differenceOf(said: DayOfPulls, found: DayOfPulls): string | null {
  if (found.sha256 === said.sha256 && found.records === said.records) return null;
  if (found.records === said.records) return "one of its records was changed";
  return `${found.records} records, ${said.records} in the audit log`;
}
