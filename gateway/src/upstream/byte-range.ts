/** Of RFC 9110 section 14.1: the unit's name means the same in any case; what follows depends on it. */
const RANGES_OF_UNIT = /^([!#$%&'*+.^_`|~0-9a-z-]+)=(.*)$/i;
/** RFC 9110 section 14.1.2, with digits that are exact in a double. */
const RANGE = /^(\d{1,15})-(\d{0,15})$|^-(\d{1,15})$/;
/** Longer than any blob: the registry says how long that is, or that there is none. */
const BEYOND_ALL = "bytes=999999999999999-";

/**
 * Which part of a blob the registry is asked for. Stock registries answer 416 to units that they do not know, to HEAD
 * as to GET, and give the part after the end for `bytes=-0`.
 *
 * @param method - HTTP method of the request
 * @param given - its `Range`, if any
 * @returns `Range` for the registry, `undefined` for the whole blob (RFC 9110 section 14.2: only GET knows ranges, and
 *   an unknown unit is ignored); where it is malformed, or no blob has such a part, one that the registry refuses
 */
export function rangeToAskFor(method: string, given: string | undefined): string | undefined {
  if (given === undefined || method !== "GET") return undefined;
  const [, unit, text] = RANGES_OF_UNIT.exec(given) ?? [];
  if (unit === undefined || text === undefined) return BEYOND_ALL;
  if (unit.toLowerCase() !== "bytes") return undefined;
  // RFC 9110 section 5.6.1.2: elements of a list may be empty.
  const ranges = text.split(",").flatMap((range) => range.trim() || []);
  if (ranges.length === 0 || !ranges.every(isRange)) return BEYOND_ALL;
  const satisfiable = ranges.filter((range) => !/^-0+$/.test(range));
  return satisfiable.length === 0 ? BEYOND_ALL : `bytes=${satisfiable.join(",")}`;
}

function isRange(text: string): boolean {
  const [range, first, last] = RANGE.exec(text) ?? [];
  if (range === undefined) return false;
  return first === undefined || last === "" || Number(first) <= Number(last);
}
