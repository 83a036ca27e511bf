import { printable } from "../printable.js";

/** Something that is wrong with the audit log. */
export interface Finding {
  /** Chain of the first entry that is wrong; `null` when it is about a checkpoint, or about the files on record. */
  readonly chain: number | null;
  /** Position of that entry, or number of that checkpoint; 0 for files. */
  readonly position: number;
  readonly problem: string;
  /** The entry's content, shortened; empty when there is none. */
  readonly content: string;
}

const MOST_CONTENT_CHARACTERS = 300;

/** @returns an entry's content for people: shortened, and with nothing in it that a terminal would obey */
export function shorten(content: string): string {
  const clean = printable(content);
  return clean.length > MOST_CONTENT_CHARACTERS
    ? `${clean.slice(0, MOST_CONTENT_CHARACTERS)}…`
    : clean;
}
