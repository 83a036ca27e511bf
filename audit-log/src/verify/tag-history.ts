import { z } from "zod";

/** An entry that says what a tag is. */
export interface TagEntry {
  readonly action: "tag.pushed" | "tag.adopted" | "tag.locked" | "tag.deleted";
  readonly at: string;
  readonly tag: string;
  readonly digest: string;
  /** Name of who did it; empty for a service by itself. */
  readonly by: string;
  /** What a push changed; empty for anything else. */
  readonly change: string;
  /** Of a tag that was brought here from another registry: who pushed it there and when; `null` of any other. */
  readonly told: { readonly by: string; readonly at: string } | null;
  /** Of a push that brought a deleted tag back: whether that kept the date and author it had. */
  readonly keepsDate: boolean;
  /** Whether it is dated behind another entry, since the clock was ahead then. */
  readonly isMoved: boolean;
}

/** Of a tag that was only ever found at the registry, and is not in the ledger from then on. */
const FORGOTTEN = "forgotten";

/** Who did something to a tag, and when it was recorded. */
export interface Deed {
  readonly by: string;
  readonly at: string;
  /** Whether it is dated later than it was done, since the clock was ahead before. */
  readonly isMoved: boolean;
  /** Whether it was done elsewhere, at the very time that the entry tells of. */
  readonly isTold: boolean;
}

/** What the audit log says of a tag. */
export interface TagHistory {
  readonly digest: string;
  readonly origin: "pushed" | "adopted";
  readonly pushed: Deed;
  readonly locked: Deed | null;
  readonly deleted: Deed | null;
  /** The first entry that could not follow the ones before it: the ledger was otherwise then. */
  readonly problem: string | null;
}

const contentSchema = z.object({
  action: z.enum(["tag.pushed", "tag.adopted", "tag.locked", "tag.deleted"]),
  at: z.string(),
  tag: z.string(),
  digest: z.string(),
  actor: z.object({ uid: z.string() }),
  detail: z.object({
    change: z.string().default(""),
    since: z.string().optional(),
    pushedBy: z.string().optional(),
    pushedAt: z.string().optional(),
  }),
});

/**
 * @param content - content of an entry
 * @param isMoved - whether it is dated behind another one
 * @returns what it says of a tag, or `null` when it cannot be understood
 */
export function parseTagEntry(content: string, isMoved: boolean): TagEntry | null {
  try {
    const { actor, detail, ...entry } = contentSchema.parse(JSON.parse(content));
    const { change, since, pushedBy, pushedAt } = detail;
    const told =
      change === IMPORTED && pushedBy !== undefined && pushedAt !== undefined
        ? { by: pushedBy, at: pushedAt }
        : null;
    return { ...entry, by: actor.uid, change, told, keepsDate: since !== undefined, isMoved };
  } catch {
    return null;
  }
}

/**
 * @param before - what the entries before say of the tag; `null` without any
 * @param entry - the next entry about it
 * @returns what they say together; `null` when the ledger was to forget it
 */
export function continueHistory(before: TagHistory | null, entry: TagEntry): TagHistory | null {
  const why = impossible(before, entry);
  const what = entry.change || entry.action.replace(/^tag\./, "");
  const problem = before?.problem ?? (why === null ? null : `${what} at ${entry.at}, ${why}`);
  const deed = { by: entry.by, at: entry.at, isMoved: entry.isMoved, isTold: false };
  switch (entry.action) {
    case "tag.pushed":
    case "tag.adopted": {
      if (entry.change === NAMED && before !== null)
        return { ...before, pushed: { ...before.pushed, by: entry.by }, problem };
      if (entry.keepsDate && before !== null)
        return { ...before, digest: entry.digest, deleted: null, problem };
      const origin =
        entry.action === "tag.pushed" || entry.change === IMPORTED ? "pushed" : "adopted";
      const locked = before?.locked ?? null;
      const pushed = entry.told === null ? deed : { ...entry.told, isMoved: false, isTold: true };
      return { digest: entry.digest, origin, pushed, locked, deleted: null, problem };
    }
    case "tag.locked":
      return { ...(before ?? unknown(entry)), locked: deed, problem };
    case "tag.deleted":
      // With a problem it stays, or nobody would hear of that.
      if (entry.change === FORGOTTEN && problem === null) return null;
      return { ...(before ?? unknown(entry)), deleted: deed, problem };
  }
}

/** The entry that told of the tag before is gone; the digest is all that is known. */
function unknown({ digest }: TagEntry): TagHistory {
  const pushed = { by: "", at: "", isMoved: false, isTold: false };
  return { digest, origin: "pushed", pushed, locked: null, deleted: null, problem: null };
}

/** @returns why the gateway cannot have written this entry after the ones before; `null` when it can */
function impossible(before: TagHistory | null, entry: TagEntry): string | null {
  const isNew = isAdoptedAnew(entry) || entry.change === "new";
  if (entry.change === IMPORTED && entry.told === null) return "without the date that it had";
  if (before === null)
    return isNew || entry.change === "" || entry.change === IMPORTED
      ? unheldFault(entry)
      : NOT_THERE;
  if (isNew) return `although it was known since ${before.pushed.at}: it was taken from the ledger`;
  const same = entry.digest === before.digest;
  if (entry.change === "moved") {
    if (same) return "although it was that before";
    return before.locked === null ? null : `although it was locked at ${before.locked.at}`;
  }
  if (entry.action === "tag.pushed" && !KEEPING.includes(entry.change)) return null;
  if (!same) return `with ${entry.digest}, although it was ${before.digest}`;
  if (entry.change === AGAIN) return null;
  const wasDeleted = before.deleted !== null;
  if (entry.change === NAMED)
    return before.pushed.by === "" ? null : `although ${before.pushed.by} had pushed it`;
  if (OF_FOUND.includes(entry.change) && !wasOnlyFound(before))
    return "although it was pushed or locked";
  if (entry.change === "restored") return wasDeleted ? null : "although it was not deleted";
  if (wasDeleted) return `although it was deleted at ${before.deleted.at}`;
  return entry.action === "tag.locked" && before.locked !== null ? "although it was locked" : null;
}

function wasOnlyFound({ origin, locked, pushed }: TagHistory): boolean {
  return origin === "adopted" && locked === null && pushed.by === "";
}

/** What an operator has taken over as the registry has it was known before. */
function isAdoptedAnew({ action, change }: TagEntry): boolean {
  return action === "tag.adopted" && ![...OF_KNOWN, IMPORTED].includes(change);
}

/** It was brought here from another registry, with the author and the date that it had there. */
const IMPORTED = "imported";

/** What happens to tags that were only ever found at the registry, if to any that is known. */
const OF_FOUND = [FORGOTTEN, IMPORTED];

/** It was found at the registry, and somebody has pushed the same since. */
const NAMED = "named";

/** What a push can change that does not change what the tag means. */
const KEEPING = ["restored", NAMED];

/** It means what it did, and counts as newer than it was. */
const AGAIN = "again";

/** What an operator takes over of tags that the ledger knows. */
const OF_KNOWN = ["moved", AGAIN];

const NOT_THERE = "although no entry says that it was there";

function unheldFault({ action }: TagEntry): string | null {
  return action === "tag.locked" || action === "tag.deleted" ? NOT_THERE : null;
}
