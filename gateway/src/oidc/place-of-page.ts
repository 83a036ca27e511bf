const BELOW = "/ui/";
const HERE = "http://here.invalid";
/** With all else, the cookie of a begun login has room for it. */
const MOST_CHARACTERS = 1_000;

/**
 * @param to - where somebody wanted to go, below `/ui/`, as they or anybody else wrote it
 * @returns the path and query of that place of the page, on this origin whatever was written; `/ui/` where it is none
 */
export function placeOfPage(to: string): string {
  const target = BELOW + to;
  if (target.length > MOST_CHARACTERS || !URL.canParse(target, HERE)) return BELOW;
  const { origin, pathname, search } = new URL(target, HERE);
  return origin === HERE && pathname.startsWith(BELOW) ? pathname + search : BELOW;
}
