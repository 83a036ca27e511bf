import type { Queryable } from "#service-kit/db/pool.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import {
  FIRST_PLACE,
  isKept,
  isTagged,
  nextManifests,
  type KnownManifest,
  type ManifestPlace,
} from "../sql/known-manifests.js";
import { lookForParts, type LookedAt, type PartQuestions } from "./missing-parts.js";

/** A manifest that lacks something at the registry. */
export interface PartFinding extends ManifestPlace {
  readonly problem: string;
}

/** What was found. */
export interface VerifiedParts {
  readonly checked: number;
  readonly wrong: number;
  /** The first of the wrong ones. */
  readonly findings: readonly PartFinding[];
}

/** What looking for parts needs. */
export interface VerifyPartsDeps {
  readonly db: Queryable;
  readonly questions: PartQuestions;
  /** Told how far it is. */
  readonly progress: (text: string) => void;
}

const BATCH = 100;
const AT_ONCE = 8;
const MOST_FINDINGS = 100;

/**
 * Looks whether all stands at the registry that the manifests of the ledger need: layers, configurations, children, and
 * the manifest itself where a tag means it.
 *
 * @param deps - ledger, registry and progress
 * @returns what was found
 */
export async function verifyParts(deps: VerifyPartsDeps): Promise<VerifiedParts> {
  const findings: PartFinding[] = [];
  let checked = 0;
  let wrong = 0;
  let place = FIRST_PLACE;
  for (;;) {
    const manifests = await nextManifests(deps.db, place, BATCH);
    await someAtOnce(manifests, AT_ONCE, async (manifest) => {
      const found = await findingsOf(deps, manifest);
      checked += found.checked;
      wrong += found.wrong.length;
      findings.push(...found.wrong.slice(0, MOST_FINDINGS - findings.length));
    });
    deps.progress(`${checked} manifests`);
    place = manifests.at(-1) ?? place;
    if (manifests.length < BATCH) return { checked, wrong, findings };
  }
}

async function findingsOf(
  deps: VerifyPartsDeps,
  manifest: KnownManifest,
): Promise<{ readonly checked: number; readonly wrong: readonly PartFinding[] }> {
  try {
    const looked = await lookForParts(deps.questions, manifest);
    const lacking = looked.filter(({ missing }) => missing.length > 0);
    // It may have been deleted meanwhile, and with it what it needs.
    const isStill = lacking.length > 0 && (await isStanding(deps.db, manifest));
    return { checked: looked.length, wrong: isStill ? lacking.map(findingOf) : [] };
  } catch (error) {
    const problem = `cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
    return { checked: 1, wrong: [{ ...manifest, problem }] };
  }
}

async function isStanding(db: Queryable, manifest: KnownManifest): Promise<boolean> {
  return manifest.isKept ? isKept(db, manifest) : isTagged(db, manifest);
}

function findingOf({ manifest, missing }: LookedAt): PartFinding {
  const { repository, digest } = manifest;
  const [first] = missing;
  if (first?.digest === digest) return { repository, digest, problem: "missing at the registry" };
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  const cut = first?.isCut === true ? ", of which there are more or fewer bytes" : "";
  const problem = `lacks ${first?.digest ?? ""}${more} at the registry${cut}`;
  return { repository, digest, problem };
}
