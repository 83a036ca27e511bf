import { isAscii } from "node:buffer";
import { LRUCache } from "lru-cache";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { isUnavailable } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Ask } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isStandingManifest, readStandingManifest } from "./sql/standing-manifest.js";

/** A manifest that a repository has. */
export interface ManifestAddress {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** Its bytes, as they were received. */
export interface KeptManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Buffer;
  /** The same, where it is ASCII: Node sends a text in one piece with the head, and bytes as a second one. */
  readonly text: string | null;
}

/** Manifests of the ledger, those that are asked for most in memory. What a caller may read is for others to decide. */
export interface KeptManifests {
  /**
   * @param address - a manifest
   * @param isMeant - whether a tag means it, or an index that a tag means names it: then it was not deleted
   * @returns it when it is in memory, and the ledger said just now that it was not deleted
   */
  inMemory(address: ManifestAddress, isMeant: boolean): KeptManifest | null;
  /**
   * @param address - a manifest
   * @returns it; `null` when the ledger does not have it, or it was or is being deleted, or the registry has lost it
   * @throws Fault UNAVAILABLE when the ledger cannot be asked
   */
  find(address: ManifestAddress): Promise<KeptManifest | null>;
  /** A manifest is being deleted, or was. */
  forget(address: ManifestAddress): void;
  /** Something was told that did not arrive, perhaps: the ledger is asked again before anything is served. */
  missed(): void;
}

/** What keeping manifests needs. */
export interface KeptManifestsDeps {
  readonly db: Queryable;
  readonly ask: Ask;
  /** Most that is kept in memory, in bytes. */
  readonly bytes: number;
  /** @returns milliseconds, by a clock that never goes back */
  readonly now: () => number;
  /** For so many milliseconds after the ledger was asked a manifest counts as not deleted. */
  readonly freshMilliseconds: number;
}

interface Entry extends KeptManifest {
  askedAt: number;
}

interface Load {
  readonly askedAt: number;
  readonly found: Promise<Entry | null>;
}

/** Of an entry, beside the bytes: key, digest, type and the cache's own. */
const OVERHEAD_BYTES = 1_024;

/**
 * @param deps - the ledger, and how much is kept
 * @returns manifests, none of them in memory yet; of those who ask for one at the same time, one asks the ledger
 */
export function keptManifests(deps: KeptManifestsDeps): KeptManifests {
  const { db, ask, bytes, now, freshMilliseconds } = deps;
  const entries = new LRUCache<string, Entry>({
    maxSize: bytes,
    sizeCalculation: ({ content, text }) => content.length + (text?.length ?? 0) + OVERHEAD_BYTES,
  });
  const loads = new Map<string, Load>();

  const load = async (address: ManifestAddress, askedAt: number): Promise<Entry | null> => {
    const { repository, digest } = address;
    const known = entries.get(nameOf(address));
    const found =
      known === undefined
        ? await ask(() => readStandingManifest(db, repository, digest))
        : (await ask(() => isStandingManifest(db, repository, digest))) && known;
    if (!found || digestOf(found.content, digest) !== digest) return null;
    const { mediaType, content } = found;
    const text = isAscii(content) ? content.toString("latin1") : null;
    return { digest, mediaType, content, text, askedAt };
  };
  const begin = (address: ManifestAddress): Load => {
    const [name, askedAt] = [nameOf(address), now()];
    const begun: Load = {
      askedAt,
      found: load(address, askedAt).then(
        (entry) => {
          // Whoever forgot it meanwhile has taken it out: what was read before that is not kept.
          if (loads.get(name) !== begun) return entry;
          loads.delete(name);
          if (entry === null) entries.delete(name);
          else entries.set(name, entry);
          return entry;
        },
        (error: unknown) => {
          if (loads.get(name) === begun) loads.delete(name);
          throw error;
        },
      ),
    };
    loads.set(name, begun);
    return begun;
  };
  return {
    inMemory: (address, isMeant) => {
      const entry = entries.get(nameOf(address));
      if (entry === undefined) return null;
      return isMeant || now() - entry.askedAt < freshMilliseconds ? entry : null;
    },
    find: (address) => {
      const running = loads.get(nameOf(address));
      const isRecent = running !== undefined && now() - running.askedAt < freshMilliseconds;
      return (isRecent ? running : begin(address)).found;
    },
    forget: (address) => {
      entries.delete(nameOf(address));
      loads.delete(nameOf(address));
    },
    missed: () => {
      entries.forEach((entry) => (entry.askedAt = -Infinity));
      loads.clear();
    },
  };
}

/**
 * @param error - why the ledger could not be asked
 * @returns `null`: without the ledger the registry says what there is
 * @throws any other
 */
export function unlessAway(error: unknown): null {
  if (isUnavailable(error)) return null;
  throw error;
}

function nameOf({ repository, digest }: ManifestAddress): string {
  return `${repository}@${digest}`;
}
