import { readView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import { readTagsOfImages, type FoundImage } from "./sql/images.js";
import { unknown } from "./target.js";

const AT_ONCE = 1_000;
/** A beginning that fits more than that names nothing in particular. */
const MOST_LOOKED_AT = 20_000;
const FORM = /^(?:sha(?:256|512):)?[0-9a-f]{3,128}$/;

/** A tag as Pier One names it. */
export interface NamedTag {
  readonly team: string;
  readonly artifact: string;
  readonly name: string;
}

/**
 * @param db - pool
 * @param view - what the caller may pull: other images are neither found nor counted
 * @param asked - beginning of an image's digest, with or without its algorithm
 * @returns the tags that mean the one image that begins so
 * @throws Fault NOT_FOUND when there is none, PRECONDITION_FAILED when there are several
 */
export async function tagsOfImage(
  db: Queryable,
  view: View,
  asked: string,
): Promise<readonly NamedTag[]> {
  if (!FORM.test(asked)) throw unknown();
  const { has } = readView(view);
  const beginning = asked.includes(":") ? asked : `sha256:${asked}`;
  const found: FoundImage[] = [];
  let after: FoundImage | null = null;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += AT_ONCE) {
    const some: readonly FoundImage[] = await readTagsOfImages(db, beginning, after, AT_ONCE);
    found.push(
      ...some.filter(({ repository }) => isArtifact(repository) && isVisible(has, repository)),
    );
    if (found.some(({ image }) => image !== found[0]?.image)) throw severalFit();
    after = some.at(-1) ?? null;
    if (some.length < AT_ONCE) {
      if (found.length === 0) throw unknown();
      return found.map(named);
    }
  }
  throw severalFit();
}

/** A name of one component is no team's: Pier One's paths cannot say it. */
function isArtifact(repository: string): boolean {
  return repository.includes("/");
}

function severalFit(): Fault {
  return new Fault("PRECONDITION_FAILED", {
    message: "more than one image begins so: give more of its digest",
  });
}

function named({ repository, tag }: FoundImage): NamedTag {
  const [team = "", ...artifact] = repository.split("/");
  return { team, artifact: artifact.join("/"), name: tag };
}
