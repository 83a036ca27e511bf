/** Control characters, NUL among them, and halves of surrogate pairs: Postgres, logs and headers take none of them. */
const NO_TEXT = /[\p{Cc}\p{Cs}]/u;
const NO_TEXT_EACH = /[\p{Cc}\p{Cs}]/gu;
/** The same, but for line breaks and tabs. */
const NO_LINES = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;

/**
 * @param value - text from outside
 * @returns whether it is one line that can be stored, logged and put into a header or an event as it is
 */
export function isLine(value: string): boolean {
  return !NO_TEXT.test(value);
}

/**
 * @param value - text from outside
 * @returns whether it can be stored, logged and put into an event as it is; it may have line breaks and tabs
 */
export function isText(value: string): boolean {
  return !NO_LINES.test(value);
}

/**
 * @param bytes - bytes from outside
 * @returns the text whose UTF-8 they are, `null` when they are none's
 */
export function utf8Of(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * For what is only noted, such as a program's name, and not worth refusing anybody.
 *
 * @param value - text from outside
 * @param most - characters that are kept
 * @returns one line, where `?` stands for what is no text
 */
export function asLine(value: string, most: number): string {
  if (value.length <= most && isLine(value)) return value;
  // Cut by characters, not by halves of them.
  return Array.from(value.slice(0, 2 * most), (one) => one.replace(NO_TEXT_EACH, "?"))
    .slice(0, most)
    .join("");
}

/** What is not seen, or changes how what is beside it is seen. */
const UNSEEN_EACH = /(?! )[\p{C}\p{Z}]/gu;

/**
 * For text that is shown because something is wrong with it.
 *
 * @param value - text from outside
 * @param most - characters of it that are kept
 * @returns it in characters that are seen; of others the code point stands there, `\u{202e}`
 */
export function visible(value: string, most: number): string {
  const code = (one: string) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`;
  return Array.from(value.slice(0, 2 * most))
    .slice(0, most)
    .join("")
    .replace(UNSEEN_EACH, code);
}

/**
 * @param value - anything that was parsed from JSON
 * @returns the path of the first text or key in it that is none, `""` for the value itself; `null` when all are
 */
export function invalidTextIn(value: unknown): string | null {
  const open: [path: string, value: unknown][] = [["", value]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, one] = next;
    if (typeof one === "string" && !isText(one)) return path;
    if (typeof one !== "object" || one === null) continue;
    for (const [key, member] of Object.entries(one as Record<string, unknown>)) {
      if (!isLine(key)) return path;
      open.push([path === "" ? key : `${path}.${key}`, member]);
    }
  }
  return null;
}
