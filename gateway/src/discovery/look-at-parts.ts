import { SYSTEM } from "#audit-log/entry.js";
import { isKept, keptContent, type KnownManifest } from "#audit-log/sql/known-manifests.js";
import { lookForParts, type PartQuestions } from "#audit-log/verify/missing-parts.js";
import type { Digest } from "#registry-protocol/digest.js";
import { namesSubject } from "#registry-protocol/manifest/references.js";
import type { NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { reasonOf } from "../drift/reason-of.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import { stands } from "../upstream/missing-parts.js";
import { readStored } from "../upstream/read-stored.js";
import type { Pass } from "./pass.js";
import { clearMissing, markMissing } from "./sql/missing-parts.js";

const MOST_NAMED = 10;

/** What asks for one pass, at its pace. */
export interface PassQuestions extends PartQuestions {
  /** How often the registry was asked. */
  readonly asked: number;
  /** @returns whether a manifest is looked at for the first time in the pass */
  isFirst(manifest: KnownManifest): boolean;
}

/**
 * Looks for the parts of a manifest that stands, and for a manifest itself that a tag means. What the registry lacks is put
 * on record once, and put back from the ledger where that is wanted and can be. Only a clear answer counts.
 *
 * @param pass - the pass
 * @param questions - the pass's own
 * @param manifest - the manifest
 */
export async function lookAtParts(
  pass: Pass,
  questions: PassQuestions,
  manifest: KnownManifest,
): Promise<void> {
  if (!questions.isFirst(manifest)) return;
  try {
    for (const found of await lookForParts(questions, manifest)) {
      pass.tally.answered();
      pass.tally.add("manifests");
      if (found.missing.length > 0) await noteMissing(pass, found.manifest, found.missing);
      else if (!pass.options.dryRun) await clearMissing(pass.parts.db, found.manifest);
    }
  } catch (error) {
    pass.signal.throwIfAborted();
    pass.tally.error(`parts of ${nameOf(manifest)}: ${reasonOf(error)}`);
  }
}

async function noteMissing(
  pass: Pass,
  manifest: KnownManifest,
  missing: readonly NeededPart[],
): Promise<void> {
  const digests = missing.map(({ digest }) => digest);
  if (!pass.options.dryRun) await recordMissing(pass, manifest, digests);
  pass.tally.add("incomplete");
  pass.tally.problem(`${nameOf(manifest)} lacks ${namesOf(digests)} (missing-blob)`);
  if (!(await isMended(pass, manifest, missing))) pass.tally.add("incompleteLeft");
}

async function recordMissing(
  { parts }: Pass,
  manifest: KnownManifest,
  missing: readonly Digest[],
): Promise<void> {
  const { repository, digest } = manifest;
  const detail = { missing: missing.slice(0, MOST_NAMED), count: missing.length };
  const news = await parts.db.transaction(async (tx) => {
    const found = await markMissing(tx, manifest, missing);
    const what = { action: "manifest.missing-blob", repository, tag: null, digest } as const;
    const reason = "the registry does not have all that the manifest needs";
    if (found.length > 0) await parts.audit(tx, { ...what, actor: SYSTEM, reason, detail });
    return found;
  }, repository);
  if (news.length > 0)
    parts.log.error({ event: "manifest.missing-blob", repository, digest, ...detail });
}

/** Manifests are in the ledger, blobs are not. */
async function isMended(
  pass: Pass,
  manifest: KnownManifest,
  missing: readonly NeededPart[],
): Promise<boolean> {
  const { repair, dryRun } = pass.options;
  if (!repair || missing.some(({ kind }) => kind === "blob")) return false;
  if (!dryRun) {
    for (const { digest } of missing)
      if (!(await pass.parts.registry.putBack(manifest.repository, digest, pass.signal)))
        return false;
    await clearMissing(pass.parts.db, manifest);
  }
  pass.tally.add("repaired");
  return true;
}

function nameOf({ repository, digest }: KnownManifest): string {
  return `${repository}@${digest}`;
}

function namesOf([first = "", ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

/** @returns what asks for a pass; what was there once in it is not asked for again */
export function passQuestions({ parts, options, pace, signal }: Pass): PassQuestions {
  const there = new Set<string>();
  const lookedAt = new Set<string>();
  let asked = 0;
  const turn = async () => {
    await pace.questions(signal);
    asked += 1;
  };
  return {
    get asked() {
      return asked;
    },
    isFirst: (manifest) => {
      const before = lookedAt.size;
      return lookedAt.add(nameOf(manifest)).size > before;
    },
    isKept: (manifest) => isKept(parts.db, manifest),
    stands: async (repository, part) => {
      const key = `${repository}@${part.digest}`;
      if (there.has(key)) return "there";
      await turn();
      if (!(await stands(parts.registry.reads, repository, part))) return "missing";
      there.add(key);
      return "there";
    },
    reading: async (manifest) => {
      const { repository, digest } = manifest;
      if (manifest.isKept) {
        const kept = await keptContent(parts.db, manifest);
        return kept === null ? null : (await readStored({ digest, ...kept })).reading;
      }
      await turn();
      const found = await unlessUnreadable(parts.registry.reads.getManifest(repository, digest));
      // Pushed past the gateway, it is a referrer as any other.
      if (found !== null && namesSubject(found.reading) && !options.dryRun)
        await storeManifest(parts.db, repository, found, "found");
      return found?.reading ?? null;
    },
  };
}
