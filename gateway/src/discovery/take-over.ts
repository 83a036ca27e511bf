import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { nameOf } from "../drift/note-drift.js";
import { reasonOf } from "../drift/reason-of.js";
import type { SeenTag } from "../drift/seen-tag.js";
import { paced } from "./paced.js";
import type { Pass, TakenTag, Taking } from "./pass.js";
import { BEGINNING, type Cursor } from "./sql/cursor.js";
import { foundSince, takeTag, wasPushedTo } from "./sql/taken-tags.js";

/** A push of a tag that is taken over waits for the whole transaction. */
const TAKEN_AT_ONCE = 200;
const BATCH = 500;
const REASON = "taken over as it stands at the registry: the ledger was given an older state back";

/**
 * @param pass - the pass
 * @param seen - a tag
 * @param found - what it means at the registry
 * @returns whether that is taken over: an operator says so, and the rules let the tag change
 */
export function isToBeTaken(
  { options, parts, began }: Pass,
  seen: SeenTag,
  found: Digest,
): boolean {
  if (options.taking === undefined || options.taking === null || found === seen.digest)
    return false;
  const { repository, tag, locked } = seen;
  const rule = parts.policy.ruleFor(repository, tag);
  const since = options.taking.since ?? began;
  return !locked && rule.mutability === "mutable" && Date.parse(seen.version) < Date.parse(since);
}

/**
 * Takes over what an operator wants to be taken over, oldest image first, so that virtual `latest` means the newest of them
 * right afterwards.
 *
 * @param pass - the pass, with everything compared
 */
export async function takeOver(pass: Pass): Promise<void> {
  const { taking, dryRun } = pass.options;
  if (taking === undefined || taking === null) return;
  for (const [repository, tags] of byRepository([...pass.taken, ...(await found(pass))]))
    if (dryRun) pass.tally.add("taken", tags.length);
    else await takeRepository(pass, taking, repository, tags);
  pass.options.progress(pass.tally.summary());
}

async function found({ parts, options, began }: Pass): Promise<TakenTag[]> {
  const since = options.taking?.since ?? began;
  const tags: TakenTag[] = [];
  let after: Cursor = BEGINNING;
  for (;;) {
    const page = await foundSince(parts.db, since, after, BATCH);
    for (const seen of page) tags.push({ seen, found: seen.digest });
    after = page.at(-1) ?? after;
    if (page.length < BATCH) return tags;
  }
}

function byRepository(tags: readonly TakenTag[]): Map<RepositoryName, TakenTag[]> {
  const groups = new Map<RepositoryName, TakenTag[]>();
  for (const one of tags) {
    const { repository } = one.seen;
    const group = groups.get(repository) ?? [];
    group.push(one);
    groups.set(repository, group);
  }
  return groups;
}

async function takeRepository(
  pass: Pass,
  taking: Taking,
  repository: RepositoryName,
  tags: readonly TakenTag[],
): Promise<void> {
  const origin = (await wasPushedTo(pass.parts.db, repository)) ? "pushed" : "adopted";
  // Where virtual `latest` is inherited, what was found there stays as it was found.
  const due = origin === "pushed" ? tags : tags.filter(({ seen, found }) => seen.digest !== found);
  const ordered = await oldestFirst(pass, due);
  for (let from = 0; from < ordered.length; from += TAKEN_AT_ONCE) {
    const some = ordered.slice(from, from + TAKEN_AT_ONCE);
    pass.tally.add("taken", await takeSome(pass, taking, repository, { tags: some, origin }));
  }
}

function takeSome(
  { parts }: Pass,
  { by }: Taking,
  repository: RepositoryName,
  { tags, origin }: { readonly tags: readonly TakenTag[]; readonly origin: "pushed" | "adopted" },
): Promise<number> {
  return parts.db.transaction(async (tx) => {
    let taken = 0;
    for (const one of tags) {
      if (!(await takeTag(tx, one, { origin, by: by.uid }))) continue;
      const { tag, digest: previous } = one.seen;
      const isMoved = previous !== one.found;
      const detail = isMoved ? { change: "moved", previous } : { change: "again" };
      const what = { action: "tag.adopted", repository, tag, digest: one.found } as const;
      await parts.audit(tx, { ...what, actor: by, reason: REASON, detail });
      taken += 1;
    }
    return taken;
  }, repository);
}

/** Of images that do not say when they were made, the order of their names counts. */
async function oldestFirst(pass: Pass, tags: readonly TakenTag[]): Promise<TakenTag[]> {
  const dates = new Map<TakenTag, number>();
  await paced(tags, pass.pace.questions, pass.signal, async (one) => {
    const { seen, found } = one;
    try {
      const date = await pass.parts.registry.dateOf(seen.repository, found, pass.signal);
      dates.set(one, date?.getTime() ?? 0);
    } catch (error) {
      pass.signal.throwIfAborted();
      pass.tally.error(`${nameOf(seen)} was not taken over: ${reasonOf(error)}`);
    }
  });
  const timeOf = (one: TakenTag) => dates.get(one) ?? 0;
  return tags
    .filter((one) => dates.has(one))
    .sort((a, b) => timeOf(a) - timeOf(b) || BY_NAME.compare(a.seen.tag, b.seen.tag));
}

const BY_NAME = new Intl.Collator("en", { numeric: true });
