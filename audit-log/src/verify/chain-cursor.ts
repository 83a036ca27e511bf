import type { Queryable } from "#service-kit/db/pool.js";
import { genesisHash } from "../chain.js";
import type { ChainPlace } from "../chain-places.js";
import type { ChainHead } from "../checkpoint.js";
import { entriesAfter, type EntryRow } from "../sql/entries.js";
import { faultOf } from "./check-entry.js";
import { shorten, type Finding } from "./finding.js";

/** Goes along a chain once, from its beginning, and checks each entry. */
export interface ChainCursor {
  /**
   * Goes on to where somebody says that the chain once ended.
   *
   * @param head - that end
   * @param witness - who says so, for messages
   */
  advanceTo(head: ChainHead, witness: string): Promise<void>;
  /**
   * Goes on to the end, which has to be where the chain's own record says.
   *
   * @param head - that record; absent when it is gone
   * @returns how many entries were found right
   */
  finish(head: ChainHead | undefined): Promise<number>;
  /** @returns what is wrong with the chain's first wrong entry */
  finding(): Finding | null;
  /** @returns times of the earliest and the latest entry seen; empty without any */
  period(): { readonly from: string; readonly to: string };
}

const BATCH = 500;

/**
 * @param db - the audit log, as it stood at one moment
 * @param chain - which chain
 * @param seen - told how many entries were read
 * @param start - where it begins, since what is before has left; absent: at its beginning
 * @returns a cursor that holds one batch in memory
 */
export function chainCursor(
  db: Queryable,
  chain: number,
  seen: (entries: number) => void,
  start: ChainPlace | null = null,
): ChainCursor {
  let position = start?.position ?? 0;
  let hash = start?.hash ?? genesisHash(chain);
  let batch: EntryRow[] = [];
  let finding: Finding | null = null;
  let from = "";
  let to = "";
  /** Where the chain was found right by a witness last. */
  let witnessed = "the beginning";

  const find = (at: number, problem: string, content = "") => {
    finding ??= { chain, position: at, problem, content: shorten(content) };
  };
  /** @returns the next entry, checked; `null` at the end and after something wrong */
  const next = async (): Promise<EntryRow | null> => {
    if (finding !== null) return null;
    if (batch.length === 0) {
      batch = await entriesAfter(db, { chain, position }, BATCH);
      seen(batch.length);
    }
    const row = batch.shift();
    if (row === undefined) return null;
    const fault = faultOf(row, { position: position + 1, previousHash: hash });
    if (fault !== null) {
      find(position + 1, fault, row.position === position + 1 ? row.content : "");
      return null;
    }
    position = row.position;
    hash = row.hash;
    if (from === "" || row.at < from) from = row.at;
    if (row.at > to) to = row.at;
    return row;
  };
  const agree = (head: ChainHead, witness: string, content: string) => {
    if (hash.toString("hex") === head.hash) witnessed = witness;
    else find(position, `not the entry that ${witness} has; rewritten since ${witnessed}`, content);
  };

  const advanceTo = async (head: ChainHead, witness: string) => {
    if (finding === null && head.position < position)
      find(head.position + 1, `${witness} does not have this entry, ${witnessed} does`);
    let content = "";
    while (finding === null && position < head.position) {
      const row = await next();
      if (row === null) break;
      ({ content } = row);
    }
    if (finding !== null) return;
    if (position < head.position)
      find(position + 1, `missing, and all after it; ${witness} has ${head.position} entries`);
    else agree(head, witness, content);
  };

  return {
    advanceTo,
    finish: async (head) => {
      if (head !== undefined) await advanceTo(head, "the record of the chain's end");
      for (let row = await next(); row !== null; row = await next())
        if (head !== undefined)
          find(position, "past the end of the chain: added without the record", row.content);
      if (head === undefined) find(position, "the record of the chain's end is gone");
      return position;
    },
    finding: () => finding,
    period: () => ({ from, to }),
  };
}
