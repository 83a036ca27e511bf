import { LRUCache } from "lru-cache";
import type { RepositoryName } from "#registry-protocol/repository-name.js";

/** A page of a list as it is sent. */
export interface ListPage {
  readonly body: Buffer;
  /** `Link` to the next page; `null`: there is none. */
  readonly link: string | null;
}

/** Pages of lists of tags or of referrers, kept in memory. What a caller may read is for others to decide. */
export interface RememberedLists {
  /**
   * @param repository - whose list
   * @param page - which of them: equal texts for equal pages
   * @returns it when the ledger said so just now, and nothing was told of the repository since
   */
  inMemory(repository: RepositoryName, page: string): ListPage | null;
  /**
   * Reads a page; of those who ask for one at the same time, one does.
   *
   * @param repository - whose list
   * @param page - which of them
   * @param read - reads it in the ledger; `null`: the registry has to be asked
   * @returns what it reads. @throws what it throws
   */
  find(
    repository: RepositoryName,
    page: string,
    read: () => Promise<ListPage | null>,
  ): Promise<ListPage | null>;
  /** What the repository's lists are of was pushed, or deleted, or may have been. */
  told(repository: RepositoryName): void;
  /** Something was told that did not arrive, perhaps: the ledger is asked again before anything is served. */
  missed(): void;
}

/** How they are remembered. */
export interface RememberedListsOptions {
  /** Most that is kept in memory, in bytes. */
  readonly bytes: number;
  /** @returns milliseconds, by a clock that never goes back */
  readonly now: () => number;
  /** For so many milliseconds after the ledger was asked its answer counts. */
  readonly freshMilliseconds: number;
}

/** How much of lists is kept: some thousand pages of a hundred tags. */
export const LIST_BYTES = 8 * 1024 * 1024;

/** How much of lists of referrers: some fifty of a thousand. */
export const REFERRER_BYTES = 16 * 1024 * 1024;

/** Of a page, beside its bytes: key, link and the cache's own. */
const OVERHEAD_BYTES = 1_024;
/** Whoever sends all tags of a large repository at once reads them each time. */
const SHARE_OF_ONE = 8;
const REPOSITORIES = 10_000;

/** All that was read of a repository since something was told of it. */
type Era = object;

interface Entry extends ListPage {
  readonly era: Era;
  readonly askedAt: number;
}

interface Read {
  readonly era: Era;
  readonly askedAt: number;
  readonly found: Promise<ListPage | null>;
}

/**
 * @param options - how they are remembered
 * @returns a memory that holds nothing
 */
export function rememberedLists(options: RememberedListsOptions): RememberedLists {
  const { bytes, now, freshMilliseconds } = options;
  const eras = new LRUCache<RepositoryName, Era>({ max: REPOSITORIES });
  const entries = new LRUCache<string, Entry>({
    maxSize: bytes,
    maxEntrySize: Math.ceil(bytes / SHARE_OF_ONE),
    sizeCalculation: ({ body }) => body.length + OVERHEAD_BYTES,
  });
  const reads = new Map<string, Read>();

  const eraOf = (repository: RepositoryName): Era => {
    const known = eras.get(repository);
    if (known !== undefined) return known;
    const era = {};
    eras.set(repository, era);
    return era;
  };
  const isFresh = ({ era, askedAt }: Pick<Read, "era" | "askedAt">, repository: RepositoryName) =>
    era === eras.get(repository) && now() - askedAt < freshMilliseconds;
  return {
    inMemory: (repository, page) => {
      const entry = entries.get(nameOf(repository, page));
      return entry !== undefined && isFresh(entry, repository) ? entry : null;
    },
    find: (repository, page, read) => {
      const [name, era, askedAt] = [nameOf(repository, page), eraOf(repository), now()];
      const running = reads.get(name);
      if (running !== undefined && isFresh(running, repository)) return running.found;
      const found = read()
        .then((answer) => {
          // What was read before something was told is for those alone who asked before that.
          if (answer === null) entries.delete(name);
          else if (eras.get(repository) === era) entries.set(name, { ...answer, era, askedAt });
          return answer;
        })
        .finally(() => {
          if (reads.get(name) === begun) reads.delete(name);
        });
      const begun = { era, askedAt, found };
      reads.set(name, begun);
      return found;
    },
    told: (repository) => {
      eras.delete(repository);
    },
    missed: () => {
      eras.clear();
    },
  };
}

function nameOf(repository: RepositoryName, page: string): string {
  return `${repository} ${page}`;
}
