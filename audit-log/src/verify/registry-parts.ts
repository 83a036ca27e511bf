import { LRUCache } from "lru-cache";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { inSlices } from "#service-kit/in-slices.js";
import { isKept, keptContent } from "../sql/known-manifests.js";
import { untilTold, type AskRegistry } from "./ask-registry.js";
import type { PartQuestions } from "./missing-parts.js";

/** Images share layers: what is there once is not asked for again soon. */
const MOST_REMEMBERED = 100_000;

/**
 * @param db - the ledger
 * @param askRegistry - asks the registry
 * @returns what asks both about manifests and their parts
 */
export function registryParts(db: Queryable, askRegistry: AskRegistry): PartQuestions {
  const there = new LRUCache<string, { readonly size: number | null }>({ max: MOST_REMEMBERED });
  const askFor = async (repository: string, { kind, digest }: NeededPart) => {
    const path = `${kind}s/${digest}`;
    const { status, headers } = await askRegistry(repository, path);
    if (status === 404) return null;
    if (status === 500 && kind === "manifest")
      return (await isUnreadable(askRegistry, repository, digest)) ? { size: null } : null;
    // A blob may be had from the storage itself.
    if (status !== 200 && !(kind === "blob" && status === 307))
      throw new Error(`the registry answered ${status}`);
    return { size: status === 200 ? sizeIn(headers) : null };
  };
  return {
    isKept: (manifest) => isKept(db, manifest),
    stands: async (repository, part, size) => {
      const key = `${repository}@${part.digest}`;
      const known = there.get(key) ?? (await untilTold(() => askFor(repository, part)));
      if (known === null) return "missing";
      there.set(key, known);
      const isCut = part.kind === "blob" && size !== undefined && known.size !== null;
      return isCut && known.size !== size ? "cut" : "there";
    },
    reading: async (manifest) => {
      if (!manifest.isKept) return readingThere(askRegistry, manifest);
      const kept = await keptContent(db, manifest);
      return kept === null ? null : inSlices(readStanding(kept.content, kept.mediaType));
    },
  };
}

/** A blob that it passes on packed has no size. */
function sizeIn(headers: Headers): number | null {
  const size = headers.get("content-length");
  return size === null ? null : Number(size);
}

/** What the registry has and cannot read it knows at least by name; of what it is just writing, it will be asked again. */
async function isUnreadable(
  askRegistry: AskRegistry,
  repository: string,
  digest: string,
): Promise<boolean> {
  const headers = { "If-None-Match": `"${digest}"` };
  const { status } = await askRegistry(repository, `manifests/${digest}`, { headers });
  if (status !== 304) throw new Error(`the registry answered ${status}`);
  return true;
}

function readingThere(
  askRegistry: AskRegistry,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Promise<StandingManifest | null> {
  return untilTold(async () => {
    const answer = await askRegistry(repository, `manifests/${digest}`, { method: "GET" });
    const content = Buffer.from(await answer.arrayBuffer());
    if (answer.status === 404 || answer.status === 500) return null;
    if (answer.status !== 200) throw new Error(`the registry answered ${answer.status}`);
    return inSlices(readStanding(content, answer.headers.get("content-type") ?? ""));
  });
}
