import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { SYSTEM } from "../entry.js";
import type { FactAction } from "../known-facts.js";
import type { RecordAudit } from "../record-audit.js";
import { lockFacts, readFacts, type FactRow } from "../sql/facts.js";

const ACTIONS: readonly FactAction[] = ["policy.changed", "settings.changed", "key.rotated"];
const BATCH = 500;
const factSchema = z.object({
  at: z.string(),
  detail: z.looseObject({ subject: z.string() }),
});

const DIFFERENCE = ["changed", "more"];
type Detail = Readonly<Record<string, unknown>>;

/**
 * What holds still is said again before the entry that said it goes: services compare with it, and nobody would know any more what is
 * in force.
 *
 * @param tx - transaction that makes a cut
 * @param audit - writes the audit log
 * @param positions - of the last entries that go, by chain
 */
export async function stateAgain(
  tx: Queryable,
  audit: RecordAudit,
  positions: readonly number[],
): Promise<void> {
  const isGoing = ({ chain, position }: FactRow) => position <= (positions[chain] ?? 0);
  for (const action of ACTIONS) {
    await lockFacts(tx, action);
    const known = new Set<string>();
    for (let before: FactRow | null = null, isMore = true; isMore;) {
      const rows: FactRow[] = await readFacts(tx, action, { until: null, before, limit: BATCH });
      for (const row of rows) {
        const fact = factSchema.safeParse(jsonOrNull(row.content)).data;
        if (fact === undefined || known.has(fact.detail.subject)) continue;
        known.add(fact.detail.subject);
        if (!isGoing(row)) continue;
        // What it said otherwise than the one before stands there.
        const said = Object.entries(fact.detail).filter(([key]) => !DIFFERENCE.includes(key));
        const detail: Detail = Object.fromEntries(said);
        await audit(tx, {
          ...{ action, actor: SYSTEM, repository: null, tag: null, digest: null },
          reason: "this holds still; the entry that said so has left for an archive",
          detail: { ...detail, since: detail["since"] ?? fact.at },
        });
      }
      before = rows.at(-1) ?? null;
      isMore = rows.length === BATCH;
    }
  }
}
