import { FIRST_PLACE, nextManifests, type KnownManifest } from "#audit-log/sql/known-manifests.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { lookAtParts, passQuestions } from "./look-at-parts.js";
import type { Pass } from "./pass.js";
import { beginsRound } from "./rounds.js";
import { moveLookedAt, readLookedAt } from "./sql/cursor.js";
import { forgetDeleted, incompleteManifests } from "./sql/missing-parts.js";

const BATCH = 20;
const AT_ONCE = 8;
const MOST_INCOMPLETE = 50;

/**
 * Looks for the parts of some manifests that lacked some, then of others, going on where the pass before ended, until as
 * many questions have been asked as a pass may or all manifests have had their turn.
 *
 * @param pass - the pass
 */
export async function compareParts(pass: Pass): Promise<void> {
  const { parts, options, session } = pass;
  const questions = passQuestions(pass);
  if (options.parts === 0) return;
  if (!options.dryRun) await forgetDeleted(parts.db);
  const look = (manifests: readonly KnownManifest[]) =>
    someAtOnce(manifests, AT_ONCE, (one) => lookAtParts(pass, questions, one));
  await look(await incompleteManifests(session, MOST_INCOMPLETE));
  let place = await readLookedAt(parts.db);
  const isFirst = place.repository === "" && place.digest === "";
  if (isFirst && !(await beginsRound(pass, "manifests"))) return;
  const before = questions.asked;
  while (questions.asked - before < options.parts) {
    const manifests = await nextManifests(session, place, BATCH);
    await look(manifests);
    const isEnd = manifests.length < BATCH;
    place = isEnd ? FIRST_PLACE : (manifests.at(-1) ?? FIRST_PLACE);
    if (!options.dryRun) await moveLookedAt(session, place);
    options.progress(pass.tally.summary());
    // Round once at most: a small registry is not looked at again and again.
    if (isEnd) return;
  }
}
