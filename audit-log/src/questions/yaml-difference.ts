import { yamlOrNull } from "./policy-at.js";

/** More sentences than that are not told of one change. */
const MOST_SENTENCES = 200;

/** What stands at each place of a file; what is in a list of names is a place of its own. */
type Places = ReadonlyMap<string, string>;

/**
 * Tells two files apart by what stands where: for files of which nothing but their form is known.
 *
 * @param before - YAML that was in force
 * @param after - YAML that came into force
 * @returns a sentence for each place that differs, such as `teams.alpha: /employees/bob added`
 */
export function yamlDifference(before: string, after: string): readonly string[] {
  const [was, is] = [placesIn(before), placesIn(after)];
  const gone = [...was].filter(([place]) => !is.has(place));
  const sentences = [
    ...gone.map(([place, value]) => sentence(place, value, "removed")),
    ...[...is].flatMap(([place, value]) => {
      const old = was.get(place);
      if (old === undefined) return [sentence(place, value, "added")];
      return old === value ? [] : [`${place}: ${old} → ${value}`];
    }),
  ];
  const more = sentences.length - MOST_SENTENCES;
  return more > 0 ? [...sentences.slice(0, MOST_SENTENCES), `and ${more} more`] : sentences;
}

function placesIn(text: string): Places {
  const places = new Map<string, string>();
  walk(yamlOrNull(text), "", places);
  return places;
}

function walk(value: unknown, place: string, places: Map<string, string>): void {
  if (Array.isArray(value))
    for (const [index, item] of value.entries())
      walk(item, `${place}[${nameOf(item, index)}]`, places);
  else if (typeof value === "object" && value !== null)
    for (const [key, part] of Object.entries(value))
      walk(part, place === "" ? key : `${place}.${key}`, places);
  else places.set(place, JSON.stringify(value));
}

/** Rules go by their id, issuers by theirs, and names by themselves: so a new first one is not told as if all had changed. */
function nameOf(item: unknown, index: number): string {
  if (typeof item !== "object" || item === null) return JSON.stringify(item);
  const { id, issuer, name } = item as Readonly<Record<string, unknown>>;
  const named = [id, issuer, name].find((one) => typeof one === "string");
  return typeof named === "string" ? named : String(index);
}

function sentence(place: string, value: string, what: "added" | "removed"): string {
  return place.endsWith(`[${value}]`)
    ? `${place.slice(0, -value.length - 2)}: ${value} ${what}`
    : `${place}: ${value} ${what}`;
}
