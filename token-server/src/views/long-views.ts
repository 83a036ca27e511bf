import { hash } from "node:crypto";
import type { Queryable } from "#service-kit/db/pool.js";
import { keepLongView, readLongView, type LongView } from "./sql.js";

/** Keeps views that fit into no token, for as long as one names them. */
export interface LongViews {
  /** @throws Fault UNAVAILABLE, or the database's error, when it cannot be kept */
  keep(view: LongView): Promise<void>;
  /** @returns the content of the view with that digest; `null`: there is none, or none any more */
  read(digest: string): Promise<string | null>;
}

/** Clocks may differ, and a gateway may ask at a token's very end. */
const LONGER_SECONDS = 600;
/** More than any list goes by: some 20,000 patterns. */
const MOST_CHARACTERS = 256 * 1024;

/**
 * @param content - a view as a token would carry it
 * @returns it with its digest; `null`: it is longer than any that is kept
 */
export function longView(content: string): LongView | null {
  if (content.length > MOST_CHARACTERS) return null;
  return { digest: hash("sha256", content, "hex"), content };
}

/**
 * @param db - where they are kept
 * @param lifetimeSeconds - how long tokens live
 * @returns the views
 */
export function longViews(db: Queryable, lifetimeSeconds: number): LongViews {
  return {
    keep: (view) => keepLongView(db, view, lifetimeSeconds + LONGER_SECONDS),
    read: (digest) => readLongView(db, digest),
  };
}
