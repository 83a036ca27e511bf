import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { readSmallBlob, type BlobReader } from "../scm/read-small.js";
import { compareChildren, compareImages, type ComparedImage, type Difference } from "./compare.js";
import { imageOf } from "./image-of.js";

/** A manifest that is compared. */
export interface Side {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** What differs, and which images were compared. */
export interface ImageDifference {
  readonly before: Side & { readonly image: Digest };
  readonly after: Side & { readonly image: Digest };
  readonly differences: readonly Difference[];
}

/** What comparing needs. */
export interface DifferenceDeps {
  /** @returns a manifest that stands, `null` when there is none */
  readonly manifest: (
    repository: RepositoryName,
    digest: Digest,
  ) => Promise<StandingManifest | null>;
  readonly reader: BlobReader;
}

/** What is larger is none that anybody could read, and parsing it would hold up others. */
export const MOST_CONFIG_BYTES = 1024 * 1024;

/**
 * @param deps - manifests and configurations
 * @param sides - an image or index, and another
 * @param platform - which image of an index; `null`: that for `linux/amd64`, else the only one
 * @param signal - ends it early
 * @returns what differs
 * @throws Fault MANIFEST_UNKNOWN when there is no such manifest, REQUEST_INVALID when an index has no image for the platform
 */
export async function differenceOf(
  deps: DifferenceDeps,
  sides: { readonly before: Side; readonly after: Side },
  platform: string | null,
  signal: AbortSignal,
): Promise<ImageDifference> {
  const [before, after] = await Promise.all(
    [sides.before, sides.after].map((side) => read(deps, side, platform, signal)),
  );
  if (before === undefined || after === undefined) throw new Error("two sides have two readings");
  return {
    before: before.side,
    after: after.side,
    differences: [
      ...compareChildren(before.manifest, after.manifest),
      ...compareImages(before.image, after.image),
    ],
  };
}

async function read(
  deps: DifferenceDeps,
  side: Side,
  platform: string | null,
  signal: AbortSignal,
) {
  const { repository, digest } = side;
  const known = new Map<Digest, StandingManifest | null>();
  const chosen = await imageOf(digest, platform, async (one) => {
    const found = await deps.manifest(repository, one);
    known.set(one, found);
    return found;
  });
  const manifest = known.get(digest);
  const own = known.get(chosen.digest);
  if (manifest == null || own?.kind !== "image") throw new Fault("MANIFEST_UNKNOWN");
  const address = { repository, digest: own.config.digest };
  const content = await readSmallBlob(deps.reader, address, MOST_CONFIG_BYTES, signal);
  const config = content === null ? null : jsonOrNull(content.toString());
  const image: ComparedImage = { annotations: own.annotations, layers: own.layers, config };
  return { side: { ...side, image: chosen.digest }, manifest, image };
}
