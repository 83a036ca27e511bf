import type { TagKey } from "#registry-protocol/tag-key.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { neededParts } from "#registry-protocol/manifest/needed-parts.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { parseScmSource, ScmSourceError, type FoundSource } from "../scm/scm-source.js";
import { readStored } from "../upstream/read-stored.js";
import { NotCarried, servedManifest } from "./served-manifest.js";
import type { ImportedTag } from "./sql/imported-tag.js";
import type { PierOneSource, PierOneTag } from "./sql/pier-one-tags.js";

/** A tag of Pier One's that can be brought across, and all that belongs to it. */
export interface ReadTag extends ImportedTag {
  readonly manifest: StoredManifest;
  /** Configuration and layers. */
  readonly blobs: readonly Digest[];
  readonly source: (FoundSource & { readonly createdAt: string }) | null;
}

/** @returns how a tag of Pier One's is called, for people */
export function nameOf({ team, artifact, name }: PierOneTag): string {
  return `${team}/${artifact}:${name}`;
}

/**
 * @param found - a tag, as Pier One has it
 * @param policy - says what is no tag here
 * @param now - current time in milliseconds: nothing was pushed later
 * @returns it, as it will be here
 * @throws NotCarried with the reason when it cannot be here
 */
export async function readTag(
  found: PierOneTag,
  policy: Pick<TagPolicy, "isVirtual">,
  now: number,
): Promise<ReadTag> {
  const key = keyOf(found);
  if (policy.isVirtual(key)) throw new NotCarried("it means the newest tag here, and is none");
  if (found.manifest === null)
    throw new NotCarried(
      "it has no manifest: it was pushed by Docker's first registry protocol, which no registry of today knows",
    );
  const { createdBy: pushedBy, createdAt: pushedAt } = found;
  if (pushedAt === null || Date.parse(pushedAt) > now)
    throw new NotCarried(`it was pushed at ${pushedAt ?? "no time"}: is that time zone right?`);
  const manifest = await readStored(servedManifest(found.manifest, found.contentDigest));
  const { reading, digest } = manifest;
  if (reading.kind !== "image")
    throw new NotCarried(
      `its manifest ${reading.kind === "unclear" ? `cannot be read: ${reading.reason}` : "is an index"}`,
    );
  const blobs = neededParts(reading).map((part) => part.digest);
  return { ...key, digest, pushedBy, pushedAt, manifest, blobs, source: sourceOf(found.source) };
}

function keyOf({ team, artifact, name }: PierOneTag): TagKey {
  try {
    return { repository: parseRepositoryName(`${team}/${artifact}`), tag: parseTag(name) };
  } catch {
    throw new NotCarried("no registry of today has such a name");
  }
}

/** What was noted and is no source here is looked for in the image, as of every other. */
function sourceOf(found: PierOneSource | null): ReadTag["source"] {
  if (found === null) return null;
  const { url, revision, author, status, createdAt, named } = found;
  try {
    const source = parseScmSource(JSON.stringify({ url, revision, author, status }));
    return { source, origin: named ? "header" : "file", createdAt };
  } catch (error) {
    if (error instanceof ScmSourceError) return null;
    throw error;
  }
}
