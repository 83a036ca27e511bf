/** How a column's values are written. */
export type ColumnKind = "text" | "name" | "digest" | "time" | "bytes" | "number";

/** A column of a list. */
export interface Column {
  /** Field of the rows. */
  readonly key: string;
  /** What stands above it; absent: the key. */
  readonly head?: string;
  /** Absent: `text`. Names and times are never cut. */
  readonly kind?: ColumnKind;
  /** Left out first where a terminal is too narrow: the highest number first; absent: never. */
  readonly drop?: number;
}

/** One line of a list. */
export type Row = Readonly<Record<string, unknown>>;

/** Many things of one kind, one on a line. */
export interface ShownList {
  readonly kind: "list";
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** For `json` and `yaml`; absent: the rows. */
  readonly value?: unknown;
  /** Said on a terminal in place of no lines. */
  readonly empty: string;
  /** Said below it on a terminal, on standard error. */
  readonly note?: string;
  /** Whether there is more than was asked for: said on standard error, wherever the results go. */
  readonly hasMore?: boolean;
}

/** One thing, field by field. */
export interface ShownRecord {
  readonly kind: "record";
  readonly fields: readonly (readonly [name: string, value: unknown, kind?: ColumnKind])[];
  readonly value: unknown;
}

/** Text as it is; its lines are results. */
export interface ShownLines {
  readonly kind: "lines";
  readonly lines: readonly string[];
  readonly value: unknown;
}

/** What a command has to show. */
export type Shown = ShownList | ShownRecord | ShownLines;

/** In which form. */
export const FORMS = ["table", "json", "tsv", "yaml"] as const;
/** One of them. */
export type Form = (typeof FORMS)[number];

/**
 * @param text - what is the result
 * @param value - the same for `json` and `yaml`
 * @returns it as what is shown
 */
export function lines(text: string | readonly string[], value: unknown): ShownLines {
  return { kind: "lines", lines: typeof text === "string" ? text.split("\n") : text, value };
}
