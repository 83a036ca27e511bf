import { LRUCache } from "lru-cache";
import type { UploadOwner } from "./sql.js";

/** Most uploads of one process that are under way and known by heart; of others the database tells. */
const KNOWN = 10_000;

/** What this process has seen of an upload: who started it and when, by a clock that only goes forward; or its end. */
type Seen = { readonly owner: UploadOwner; readonly since: number } | "ended";

/** What this process has seen of uploads itself, so that it need not ask the database. */
export interface KnownUploads {
  started(session: string, owner: UploadOwner): void;
  ended(session: string): void;
  /**
   * @returns who started it and how many seconds ago; `null`: it has come to its end; `undefined`: this process has
   *   not seen it
   */
  find(session: string): (UploadOwner & { readonly ageSeconds: number }) | null | undefined;
}

/** @returns nothing seen yet */
export function knownUploads(): KnownUploads {
  const seen = new LRUCache<string, Seen>({ max: KNOWN });
  return {
    started: (session, owner) => {
      // The registry makes each name once; one that comes again is not an upload's own end undone.
      if (!seen.has(session)) seen.set(session, { owner, since: performance.now() });
    },
    ended: (session) => {
      seen.set(session, "ended");
    },
    find: (session) => {
      const one = seen.get(session);
      if (one === undefined || one === "ended") return one === undefined ? undefined : null;
      return { ...one.owner, ageSeconds: (performance.now() - one.since) / 1000 };
    },
  };
}
