import { styleText } from "node:util";

/** Control characters, and those that turn the direction of writing: what a server says must not move the cursor. */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u;
const WITHOUT_WIDTH = /\p{M}|\u200b|\u200d|\ufeff/u;

/**
 * @param text - from anywhere
 * @returns the same on one line, with nothing in it that a terminal would act upon
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (found) =>
    found === "\n"
      ? "\\n"
      : found === "\t"
        ? "\\t"
        : `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * @param text - printable text
 * @returns how many columns it takes
 */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/**
 * @param text - printable text
 * @param most - columns
 * @returns it, cut to so many columns, with a mark where something is missing
 */
export function cut(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += characterWidth(character);
    if (width > most) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * @param text - printable text
 * @param width - columns
 * @param side - where blanks are put in
 * @returns it, as wide as that
 */
export function pad(text: string, width: number, side: "left" | "right" = "right"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return side === "left" ? `${blanks}${text}` : `${text}${blanks}`;
}

/**
 * @param style - as in `util.styleText`
 * @param text - printable text
 * @param hasColours - whether colours are shown at all
 * @returns the text in that style
 */
export function styled(
  style: Parameters<typeof styleText>[0],
  text: string,
  hasColours: boolean,
): string {
  // Where colours are shown was decided for the terminal as a whole.
  return hasColours ? styleText(style, text, { validateStream: false }) : text;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (WITHOUT_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
