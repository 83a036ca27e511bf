import type { ForeignDatabase } from "#service-kit/db/foreign-database.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { importTag, type ImportDeps } from "./import-tag.js";
import { nameOf, readTag } from "./read-tag.js";
import { NotCarried } from "./served-manifest.js";
import {
  BEFORE_TAGS,
  countPierOne,
  isTimeZone,
  missingColumns,
  pierOneTags,
  type PierOneTag,
} from "./sql/pier-one-tags.js";
import type { Tally } from "./tally.js";

/** What a migration works with. */
export interface MigrateDeps {
  readonly from: ForeignDatabase;
  readonly policy: Pick<TagPolicy, "isVirtual">;
  readonly importing: ImportDeps;
  readonly tally: Tally;
  /** Lets a tag be written, or refuses while nobody may write. @returns to be called when that has ended */
  readonly admit: () => () => void;
}

/** How it is made. */
export interface MigrateOptions {
  /** Tags at once. */
  readonly parallel: number;
  /** Time zone of the dates in Pier One's database. */
  readonly zone: string;
  readonly signal: AbortSignal;
}

/** Manifests of as many are held in memory. */
const PAGE = 100;
const MOST_FAILURES_IN_A_ROW = 20;

/**
 * Brings all tags of a Pier One across that are not here yet. What cannot be is told with its reason, and does not keep the others.
 *
 * @param deps - Pier One, ledger, registry and storage
 * @param options - how
 * @throws Error when it is no Pier One, or nothing works any more: what was done until then stays
 */
export async function migrate(deps: MigrateDeps, options: MigrateOptions): Promise<void> {
  const { from, tally } = deps;
  await refuseOtherSchema(from, options.zone);
  tally.begin(await countPierOne(from));
  const failures = { inARow: 0 };
  for (let after = BEFORE_TAGS; ;) {
    options.signal.throwIfAborted();
    const page = await pierOneTags(from, after, { limit: PAGE, zone: options.zone });
    await someAtOnce(page, options.parallel, async (tag) => {
      await one(deps, tag, options.signal, failures);
    });
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
}

async function one(
  deps: MigrateDeps,
  tag: PierOneTag,
  signal: AbortSignal,
  failures: { inARow: number },
): Promise<void> {
  const { importing, policy, tally } = deps;
  signal.throwIfAborted();
  const ended = importing.dryRun ? () => undefined : deps.admit();
  try {
    const outcome = await importTag(importing, await readTag(tag, policy, Date.now()), signal);
    tally.done(outcome);
    failures.inARow = 0;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    tally.refused(nameOf(tag), reason, error instanceof NotCarried ? "refused" : "failed");
    failures.inARow = error instanceof NotCarried ? 0 : failures.inARow + 1;
    if (failures.inARow >= MOST_FAILURES_IN_A_ROW)
      throw new Error(
        `${MOST_FAILURES_IN_A_ROW} tags in a row failed, the last one since ${reason}`,
        {
          cause: error,
        },
      );
  } finally {
    ended();
  }
}

async function refuseOtherSchema(from: ForeignDatabase, zone: string): Promise<void> {
  const missing = await missingColumns(from);
  if (missing.length > 0)
    throw new Error(
      `the database of --from lacks ${missing.map((name) => `zp_data.${name}`).join(", ")}: ` +
        "it is no Pier One's, or one of before its last version, which brings the schema up to date when it starts",
    );
  if (!(await isTimeZone(from, zone)))
    throw new Error(`--time-zone: ${zone} is no time zone that Pier One's database knows`);
}
