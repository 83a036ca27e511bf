import { policyDifference } from "#access-policy/difference.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "../entry.js";
import { FOLLOWED_FILES } from "../facts.js";
import { factBefore } from "../known-facts.js";
import { listEntries } from "../list-entries.js";
import { entryIn, type RecordedEntry } from "../recorded-entry.js";
import type { PageEnd } from "../sql/entries.js";
import { readContent } from "../sql/followed-files.js";
import { changeInWords, isText } from "./change-in-words.js";
import { leftForArchives } from "./left-for-archives.js";
import { rulesIn } from "./policy-at.js";
import type { ShownAnswer } from "./table.js";
import { yamlDifference } from "./yaml-difference.js";

/** What changes who may do what. */
const DECIDING_ACTIONS = [
  ...["policy.changed", "settings.changed", "key.rotated", "mode.changed"],
  ...["robot.created", "robot.rotated", "robot.disabled", "robot.enabled"],
  ...["storage.accepted", "tag.locked", "repository.flagged"],
] as readonly string[] as readonly AuditAction[];

/** Something that changed who may do what. */
export interface Change {
  readonly at: string;
  readonly action: string;
  /** What was changed: a file, a service, a robot. */
  readonly subject: string;
  /** Who did it; `file`, where that is as far as it is known. */
  readonly by: string;
  /** What is otherwise now, a sentence each. */
  readonly what: readonly string[];
}

/** All of it between two moments. */
export interface Changes {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly Change[];
  /** Whether there are more than {@link MOST_CHANGES}. */
  readonly hasMore: boolean;
  readonly notes: readonly string[];
}

/** More than that are not told in one answer. */
const MOST_CHANGES = 5_000;

/**
 * @param db - the audit log
 * @param stretch - from the first moment to before the last
 * @returns what changed who may do what, the first first, with the difference where files say it
 */
export async function changesIn(
  db: Queryable,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<Changes> {
  const found: Placed[] = [];
  for (const action of DECIDING_ACTIONS) {
    const filter = {
      ...{ since: from, until: to, action },
      ...{ repository: null, actor: null, tag: null, digest: null },
    };
    let left = MOST_CHANGES + 1;
    for await (const row of listEntries(db, filter)) {
      const entry = entryIn(row.content);
      if (entry !== null) found.push({ entry, row });
      left -= 1;
      if (left === 0) break;
    }
  }
  const sorted = found.sort(({ row: one }, { row: other }) => (one.at < other.at ? -1 : 1));
  const changes: Change[] = [];
  for (const placed of sorted.slice(0, MOST_CHANGES)) changes.push(await changeOf(db, placed));
  return {
    ...{ from: from.toISOString(), to: to.toISOString(), changes },
    hasMore: sorted.length > MOST_CHANGES,
    notes: [
      ...(await leftForArchives(db, from)),
      "who changed a file is what CHANGED_BY or a file beside it says; else it is known where files come from",
      "who came into a team of a team service or a directory, or left it, is not on record",
    ],
  };
}

/**
 * @param answer - what changed
 * @returns it as a table: a line for each thing that is otherwise
 */
export function changesShown({ from, to, changes, hasMore, notes }: Changes): ShownAnswer {
  const rows = changes.flatMap(({ at, action, subject, by, what }) =>
    (what.length === 0 ? ["no difference that can be told"] : what).map((one) => [
      ...[at, action, subject, by, one],
    ]),
  );
  const columns = ["at", "action", "subject", "by", "what"];
  const more = hasMore ? [`more than ${MOST_CHANGES} changes: the first are told`] : [];
  const title = `what changed who may do what, from ${from} to ${to}`;
  return { tables: [{ title, columns, rows }], notes: [...more, ...notes] };
}

/** An entry, and where it stands. */
interface Placed {
  readonly entry: RecordedEntry;
  readonly row: PageEnd;
}

async function changeOf(db: Queryable, placed: Placed): Promise<Change> {
  const { entry } = placed;
  const { at, action, actor, detail, repository, tag } = entry;
  const where = repository === null ? null : `${repository}${tag === null ? "" : `:${tag}`}`;
  const named = [detail["subject"], detail["login"], where].find(isText) ?? "the installation";
  const { changedBy, saidBy } = detail;
  const file = isText(changedBy) ? `${changedBy} (says the ${String(saidBy)})` : "file";
  const byItself = action.endsWith(".changed") ? file : "service";
  return {
    ...{ at, action, subject: named },
    by: actor.uid === "" ? byItself : `${actor.uid} (${actor.realm}, ${actor.kind})`,
    what: action === "policy.changed" ? await fileDifference(db, placed) : changeInWords(entry),
  };
}

/** Of the file that was in force right before: what that said is kept. */
async function fileDifference(db: Queryable, { entry, row }: Placed): Promise<string[]> {
  const { detail } = entry;
  const [subject, fingerprint] = [detail["subject"], detail["fingerprint"]];
  if (!isText(subject) || !isText(fingerprint)) return [];
  const before = await factBefore(db, "policy.changed", subject, row);
  if (before === null) return ["the first on record"];
  const was = await readContent(db, before.fingerprint);
  const is = await readContent(db, fingerprint);
  if (was === null || is === null) return [`sha256 ${before.fingerprint} → ${fingerprint}`];
  return [...differenceOf(subject, was, is)];
}

function differenceOf(subject: string, was: string, is: string): readonly string[] {
  const [before, after] = [rulesIn(was), rulesIn(is)];
  const isReadable = subject === FOLLOWED_FILES.access && before !== null && after !== null;
  const found = isReadable ? policyDifference(before, after) : yamlDifference(was, is);
  return found.length === 0 ? ["no rule says anything else than before"] : found;
}
