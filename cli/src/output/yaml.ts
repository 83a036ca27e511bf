/** What YAML 1.1 or 1.2 would read as something else than text, or not at all. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+-]*$/;
const MEANT_OTHERWISE = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/**
 * @param value - what JSON can say
 * @returns it as YAML, in blocks; texts that could be read as something else are quoted as in JSON
 */
export function yamlOf(value: unknown): string {
  return block(value, "").replace(/^\n/, "");
}

/** What stands behind `key:` or `-`: a scalar with a blank before it, or lines of their own. */
function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return " []";
    return value.map((item) => `\n${indent}-${itemOf(item, indent)}`).join("");
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    if (entries.length === 0) return " {}";
    return entries
      .map(([key, field]) => `\n${indent}${scalar(key)}:${block(field, `${indent}  `)}`)
      .join("");
  }
  return ` ${scalar(value)}`;
}

/** The first line of an item stands beside its dash. */
function itemOf(item: unknown, indent: string): string {
  const deeper = `${indent}  `;
  const text = block(item, deeper);
  return text.startsWith(`\n${deeper}`) ? ` ${text.slice(deeper.length + 1)}` : text;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  return PLAIN.test(value) && !MEANT_OTHERWISE.test(value) ? value : JSON.stringify(value);
}
