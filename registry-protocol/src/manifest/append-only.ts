import { canonicalJson } from "../json/canonical-json.js";
import type { Work } from "../json/read-json.js";
import type { Descriptor, ImageManifest, Manifest, StandingManifest } from "./manifest.js";

/** What came of comparing two manifests of a tag that may only grow. */
export type Growth =
  | { readonly grows: true }
  | {
      readonly grows: false;
      /** `out-of-date`: each has an entry that the other lacks, as when two add to the same one at once. */
      readonly reason: "cannot-compare" | "entries-missing" | "out-of-date";
    };

/** Says when a manifest was written, so each writer writes another. */
const WRITTEN_AT = "org.opencontainers.image.created";

/**
 * A tag that holds signatures or referrers is rewritten each time one is added. What was there has to stay, in the
 * same list and with all that was said of it: cosign keeps the signature in the annotations of a layer. The
 * configuration of an image may change, since it lists the layers; what it is may not. What an index says of itself
 * means nothing to who looks for referrers, and oras does not keep it.
 *
 * @param held - manifest that the tag means
 * @param offered - manifest that is to replace it
 * @returns steps that end with whether the new one is of the same kind and holds all that the old one held
 */
export function* growthOf(held: StandingManifest, offered: Manifest): Work<Growth> {
  if (held.kind === "unclear") return { grows: false, reason: "cannot-compare" };
  if (yield* holdsAll(held, offered)) return { grows: true };
  const isOutOfDate = yield* bothHaveMore(held, offered);
  return { grows: false, reason: isOutOfDate ? "out-of-date" : "entries-missing" };
}

function* bothHaveMore(held: Manifest, offered: Manifest): Work<boolean> {
  if (!(yield* isOfSameSort(held, offered))) return false;
  // A referrer is one by its digest; signatures of one payload differ in their annotations alone.
  if (held.kind === "index" && offered.kind === "index")
    return lacks(offered.manifests, held.manifests) && lacks(held.manifests, offered.manifests);
  if (held.kind === "image" && offered.kind === "image")
    return isLike(held, offered) && !(yield* keeps(offered.layers, held.layers));
  return false;
}

function lacks(some: readonly Descriptor[], others: readonly Descriptor[]): boolean {
  const digests = new Set(some.map(({ digest }) => digest));
  return others.some(({ digest }) => !digests.has(digest));
}

function* isOfSameSort(held: Manifest, offered: Manifest): Work<boolean> {
  if (held.mediaType !== offered.mediaType || held.artifactType !== offered.artifactType)
    return false;
  return held.subject === null || (yield* keeps([held.subject], subjectsOf(offered)));
}

function* holdsAll(held: Manifest, offered: Manifest): Work<boolean> {
  if (!(yield* isOfSameSort(held, offered))) return false;
  if (held.kind === "index" && offered.kind === "index")
    return yield* keeps(held.manifests, offered.manifests);
  if (held.kind === "image" && offered.kind === "image")
    return isLike(held, offered) && (yield* keeps(held.layers, offered.layers));
  return false;
}

function isLike(held: ImageManifest, offered: ImageManifest): boolean {
  return (
    held.config.mediaType === offered.config.mediaType &&
    held.config.artifactType === offered.config.artifactType &&
    [...held.annotations].every(
      ([key, value]) => key === WRITTEN_AT || offered.annotations.get(key) === value,
    )
  );
}

function* keeps(held: readonly Descriptor[], offered: readonly Descriptor[]): Work<boolean> {
  const kept = new Set(yield* textsOf(offered));
  return (yield* textsOf(held)).every((text) => kept.has(text));
}

function* textsOf(parts: readonly Descriptor[]): Work<string[]> {
  const texts: string[] = [];
  for (const { written } of parts) {
    texts.push(yield* canonicalJson(written));
    yield undefined;
  }
  return texts;
}

function subjectsOf({ subject }: Manifest): readonly Descriptor[] {
  return subject === null ? [] : [subject];
}
