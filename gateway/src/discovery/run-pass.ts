import type { ExclusiveSession } from "#service-kit/db/exclusive.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { databaseTime } from "#service-kit/db/time.js";
import { checkTags } from "./check-tags.js";
import { compareParts } from "./compare-parts.js";
import { compareGroup } from "./compare-group.js";
import { newPass, type Pass, type PassDeps, type PassOptions } from "./pass.js";
import { reasonOf } from "../drift/reason-of.js";
import { countKnown, nextTags } from "./sql/compared-tags.js";
import { markCatalog } from "./sql/compared-repositories.js";
import { beginsRound } from "./rounds.js";
import {
  BEGINNING,
  isBeginning,
  moveCursor,
  notePass,
  notePassEnd,
  readCursor,
} from "./sql/cursor.js";
import { listedRepositories, openStaging, stageRepositories } from "./sql/staging.js";
import { takeOver } from "./take-over.js";
import type { PassSummary } from "./tally.js";
import { compareLost, isWhole, stageUnlisted } from "./unlisted.js";

const BATCH = 500;
/** Repositories that are compared together. */
const GROUP = 16;

/**
 * Compares the ledger with the registry once. Nothing is concluded from what the registry fails to say: an error or an answer
 * cut short changes nothing, and is reported. Nor is anything from a registry that lacks whole repositories: doubts about its
 * storage come before any single tag.
 *
 * @param parts - ledger and registry
 * @param session - holds the lock that keeps others from doing the same
 * @param options - how
 * @returns what was seen and done; whatever ended the pass early is among its errors
 */
export async function runPass(
  parts: PassDeps,
  session: ExclusiveSession,
  options: PassOptions,
): Promise<PassSummary> {
  const pass = newPass(parts, session, options, await databaseTime(session));
  try {
    await openStaging(session);
    if (!options.dryRun) await notePass(pass.parts.db);
    if (await stageCatalog(pass)) await compareAll(pass);
  } catch (error) {
    pass.tally.end(reasonOf(pass.signal.aborted ? pass.signal.reason : error));
  }
  await countRest(pass);
  if (!options.dryRun) await noteEnd(pass);
  return pass.tally.summary();
}

async function compareAll(pass: Pass): Promise<void> {
  if (!pass.options.dryRun) await markCatalog(pass.session);
  let after = "";
  for (;;) {
    const names = await listedRepositories(pass.session, after, BATCH);
    const last = names.at(-1);
    if (last === undefined) break;
    for (let from = 0; from < names.length; from += GROUP)
      await compareGroup(pass, names.slice(from, from + GROUP));
    after = last;
  }
  await compareLost(pass);
  await compareTags(pass);
  await takeOver(pass);
  await compareParts(pass);
}

/** Also a pass that ended early says how much it has not looked at. */
async function countRest({ parts, tally }: Pass): Promise<void> {
  try {
    tally.known(await countKnown(parts.db));
  } catch (error) {
    tally.end(`tags that were not compared could not be counted: ${reasonOf(error)}`);
  }
}

async function noteEnd({ parts, tally }: Pass): Promise<void> {
  try {
    await notePassEnd(parts.db);
  } catch (error) {
    tally.end(`the end of the pass could not be noted: ${reasonOf(error)}`);
  }
}

/** @returns whether what the registry has may be compared: its catalog is whole, and it is the storage's */
async function stageCatalog(pass: Pass): Promise<boolean> {
  const { session, tally, signal } = pass;
  try {
    for await (const names of pass.parts.registry.listing.repositories(signal)) {
      const others = names.filter((name) => !isMarkerRepository(name));
      await stageRepositories(session, others);
    }
  } catch (error) {
    signal.throwIfAborted();
    tally.error(`the catalog: ${reasonOf(error)}`);
    return false;
  }
  await stageUnlisted(pass);
  return isWhole(pass);
}

/** Compares the digests of all tags from the very start, or of so many, going on where the last slice ended. */
async function compareTags(pass: Pass): Promise<void> {
  const { slice, dryRun } = pass.options;
  const isAll = slice === "all";
  let cursor = isAll ? BEGINNING : await readCursor(pass.parts.db);
  if (!isAll && isBeginning(cursor) && !(await beginsRound(pass, "tags"))) return;
  let left = isAll ? Number.POSITIVE_INFINITY : slice;
  while (left > 0) {
    const limit = Math.min(left, BATCH);
    const tags = await nextTags(pass.session, cursor, limit);
    const due = tags.filter(({ clean, checked }) => clean && !checked);
    await checkTags(pass, due);
    left -= limit;
    const isEnd = tags.length < limit;
    cursor = isEnd ? BEGINNING : (tags.at(-1) ?? cursor);
    // Where the next slice begins is no affair of a pass that compares everything.
    if (!isAll && !dryRun) await moveCursor(pass.session, cursor);
    pass.options.progress(pass.tally.summary());
    if (isEnd) return;
  }
}
