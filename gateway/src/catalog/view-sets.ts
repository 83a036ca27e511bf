import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { readView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import { readNumbered, type NumberedName, type Shown } from "./sql/shown.js";

/** Repositories of views that many callers have alike. */
export interface ViewSets {
  /**
   * @param view - what the caller may pull
   * @returns the repositories that they may know of, all that stand when it is asked
   * @throws Fault UNAVAILABLE when the database cannot be used
   */
  of(view: View): Promise<Shown>;
  /** Another server may answer from now on, which may have given numbers otherwise: all is looked at anew. */
  forget(): void;
}

const AT_ONCE = 5_000;
/** So many are looked at one by one sooner than all there are in order. */
export const FEW = 2_000;
const FIRST_BYTES = 1_024;
/** A name has its own bytes beside those of its bits. */
const BYTES_EACH = 200;

interface Growing {
  bits: Buffer;
  few: number[] | null;
  upTo: number;
  looking: Promise<void>;
}

/**
 * What a view has is found out name by name once; from then on only what is new is looked at. Views that say the same are one,
 * whoever has them.
 *
 * @param db - pool
 * @param bytes - of memory at most; the sets that were not asked for longest go first
 * @returns the sets
 */
export function viewSets(db: Queryable, bytes: number): ViewSets {
  const known = new LRUCache<string, Growing>({
    maxSize: bytes,
    sizeCalculation: ({ bits, few }) => BYTES_EACH + bits.length + 8 * (few?.length ?? 0),
  });
  const keys = new WeakMap<View, string>();
  return {
    of: async (view) => {
      const key = keys.get(view) ?? keyOf(view);
      keys.set(view, key);
      const set = known.get(key) ?? begun();
      known.set(key, set);
      // One after the other: each look begins after whoever waits for it has asked.
      const look = set.looking.then(() => lookBehind(db, view, set));
      set.looking = look.catch(() => undefined);
      await look;
      // It has grown perhaps.
      if (known.has(key)) known.set(key, set);
      const { has } = readView(view);
      return { bits: set.bits, few: set.few, has: (name) => isVisible(has, name) };
    },
    forget: () => {
      known.clear();
    },
  };
}

function begun(): Growing {
  return { bits: Buffer.alloc(FIRST_BYTES), few: [], upTo: 0, looking: Promise.resolve() };
}

function keyOf({ rules, values, limits }: View): string {
  const said = JSON.stringify([rules, Object.entries(values).sort(), limits]);
  return createHash("sha256").update(said).digest("base64");
}

async function lookBehind(db: Queryable, view: View, set: Growing): Promise<void> {
  const { has } = readView(view);
  for (;;) {
    const names = await readNumbered(db, set.upTo, AT_ONCE);
    for (const one of names) if (isVisible(has, one.name)) add(set, one);
    set.upTo = names.at(-1)?.id ?? set.upTo;
    if (names.length < AT_ONCE) return;
    await setImmediate();
  }
}

function add(set: Growing, { id }: NumberedName): void {
  const place = Math.floor(id / 8);
  if (place >= set.bits.length)
    set.bits = Buffer.concat([set.bits, Buffer.alloc(place + 1 - set.bits.length + place / 2)]);
  set.bits[place] = (set.bits[place] ?? 0) | (1 << (id % 8));
  set.few?.push(id);
  if (set.few !== null && set.few.length > FEW) set.few = null;
}
