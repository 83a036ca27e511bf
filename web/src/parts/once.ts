/**
 * Formats of numbers and times take milliseconds to make, which the first view has not.
 *
 * @param make - makes it
 * @returns gives it, made when it was first wanted
 */
export function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | null = null;
  return () => (made ??= { it: make() }).it;
}
