/** Parts of a template: literal text, or the name of what is put in. */
export type TemplatePart = { readonly text: string } | { readonly variable: string };

/** A text with `${name}` in it. */
export interface Template {
  readonly parts: readonly TemplatePart[];
}

const VARIABLE = /\$\{([^${}]+)\}/g;

/**
 * @param source - text with `${name}`
 * @returns its parts
 * @throws Error with a message for whoever wrote it, when two texts could come out equal because
 *   nothing stands between two variables, or a brace is left over
 */
export function parseTemplate(source: string): Template {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of source.matchAll(VARIABLE)) {
    const text = source.slice(end, match.index);
    if (text === "" && parts.length > 0)
      throw new Error("wanted some text between two ${…}, otherwise different values look equal");
    if (text !== "") parts.push({ text });
    parts.push({ variable: match[1] ?? "" });
    end = match.index + match[0].length;
  }
  if (end < source.length) parts.push({ text: source.slice(end) });
  if (parts.some((part) => "text" in part && part.text.includes("${")))
    throw new Error("a ${ is not closed");
  return { parts };
}

/**
 * Puts values in, once: what looks like a variable inside a value stays what it is.
 *
 * @param template - parsed by {@link parseTemplate}
 * @param valueOf - value of a variable, or `null` when there is none
 * @returns the text, or `null` when a value is missing, empty or holds the text that separates it from
 *   another one: `${a}:${b}` must not come out the same for `x:y` and `z` as for `x` and `y:z`
 */
export function fillTemplate(
  { parts }: Template,
  valueOf: (variable: string) => string | null,
): string | null {
  const separators = parts.flatMap((part, at) =>
    "text" in part && at > 0 && at < parts.length - 1 ? [part.text] : [],
  );
  let filled = "";
  for (const part of parts) {
    const value = "text" in part ? part.text : valueOf(part.variable);
    if (value === null || value === "") return null;
    if ("variable" in part && separators.some((separator) => value.includes(separator)))
      return null;
    filled += value;
  }
  return filled;
}
