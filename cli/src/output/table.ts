import { readableText, shortDigest, shortTime } from "./cells.js";
import type { Column, Row } from "./shown.js";
import { cut, pad, styled, widthOf } from "./text.js";

const GAP = 2;
/** Texts are not cut to less. */
const LEAST = 10;

/** A table, and what did not fit. */
export interface Table {
  readonly lines: readonly string[];
  /** Heads of columns that were left out. */
  readonly left: readonly string[];
}

interface Drawn {
  readonly column: Column;
  readonly head: string;
  readonly cells: readonly string[];
  readonly width: number;
}

/**
 * @param columns - in order
 * @param rows - their values
 * @param terminal - how wide it is, and whether it has colours
 * @returns an aligned table with a line of heads. Where it is too wide, digests and times are shortened, then texts are
 *   cut, then columns are left out
 */
export function tableOf(
  columns: readonly Column[],
  rows: readonly Row[],
  terminal: { readonly width: number | null; readonly hasColours: boolean },
): Table {
  const whole = columns.map((column) => draw(column, rows));
  const fitted = terminal.width === null ? whole : fit(whole, terminal.width);
  const kept = new Set(fitted.map(({ column }) => column));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => pad(text, fitted[i]?.width ?? 0, sideOf(fitted[i]?.column)))
      .join(" ".repeat(GAP))
      .trimEnd();
  const head = line(fitted.map((drawn) => drawn.head));
  const body = rows.map((_, row) => line(fitted.map(({ cells }) => cells[row] ?? "")));
  return {
    lines: [styled("bold", head, terminal.hasColours), ...body],
    left: whole.filter(({ column }) => !kept.has(column)).map((drawn) => drawn.head.toLowerCase()),
  };
}

function draw(column: Column, rows: readonly Row[]): Drawn {
  const head = (column.head ?? column.key).toUpperCase();
  const kind = column.kind ?? "text";
  return sized(
    column,
    head,
    rows.map((row) => readableText(row[column.key], kind)),
  );
}

function sized(column: Column, head: string, cells: readonly string[]): Drawn {
  const width = cells.reduce((most, cell) => Math.max(most, widthOf(cell)), widthOf(head));
  return { column, head, cells, width };
}

function fit(whole: readonly Drawn[], most: number): readonly Drawn[] {
  let drawn = whole;
  if (totalOf(drawn) > most)
    drawn = drawn.map((one) => shortened(one, ["digest", "text"], shortDigest));
  if (totalOf(drawn) > most) drawn = drawn.map((one) => shortened(one, ["time"], shortTime));
  while (totalOf(drawn) > most) {
    const cutOnes = cutTexts(drawn, most);
    if (totalOf(cutOnes) <= most) return cutOnes;
    const droppable = drawn.filter(({ column }) => column.drop !== undefined);
    if (droppable.length === 0) return cutOnes;
    const last = droppable.reduce((one, other) =>
      (other.column.drop ?? 0) >= (one.column.drop ?? 0) ? other : one,
    );
    drawn = drawn.filter((one) => one !== last);
  }
  return drawn;
}

function shortened(
  drawn: Drawn,
  kinds: readonly string[],
  shorten: (text: string) => string,
): Drawn {
  return kinds.includes(drawn.column.kind ?? "text")
    ? sized(drawn.column, drawn.head, drawn.cells.map(shorten))
    : drawn;
}

/** Takes from the widest text again and again, so that short ones stay whole. */
function cutTexts(drawn: readonly Drawn[], most: number): readonly Drawn[] {
  const widths = drawn.map(({ width }) => width);
  const least = drawn.map(({ column, head, width }) =>
    (column.kind ?? "text") === "text" ? Math.min(width, Math.max(LEAST, widthOf(head))) : width,
  );
  let over = totalOf(drawn) - most;
  while (over > 0) {
    let widest = -1;
    for (const [i, width] of widths.entries())
      if (width > (least[i] ?? 0) && width > (widths[widest] ?? 0)) widest = i;
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return drawn.map((one, i) => {
    const width = widths[i] ?? one.width;
    return width === one.width
      ? one
      : { ...one, width, cells: one.cells.map((cell) => cut(cell, width)) };
  });
}

function totalOf(drawn: readonly Drawn[]): number {
  return drawn.reduce((sum, { width }) => sum + width, 0) + GAP * Math.max(0, drawn.length - 1);
}

function sideOf(column: Column | undefined): "left" | "right" {
  return column?.kind === "bytes" || column?.kind === "number" ? "left" : "right";
}
