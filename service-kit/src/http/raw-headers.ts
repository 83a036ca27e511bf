const NONE: readonly string[] = [];

/**
 * @param rawHeaders - names and values in turn, as they came
 * @param name - of a header, in lower case
 * @returns all its values, in their order
 */
export function rawValuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const one = rawHeaders[i] ?? "";
    // Asked a dozen times for each request: most names differ in their length already.
    if (one.length === name.length && one.toLowerCase() === name)
      (values ??= []).push(rawHeaders[i + 1] ?? "");
  }
  return values ?? NONE;
}
