/**
 * @param tags - in any order
 * @returns them in the order of their bytes, as registries of the line 3 have them: a client may go through a list on
 *   whichever line, and its `last` has to mean the same place
 */
export function inOrder(tags: readonly string[]): string[] {
  // JavaScript compares UTF-16; of a tag's characters each is one byte.
  return [...tags].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * @param tags - in order
 * @param last - what a client has seen last, whether there is such a tag or not; `null`: nothing
 * @returns those that come after
 */
export function onlyAfter(tags: readonly string[], last: string | null): readonly string[] {
  return last === null ? tags : tags.filter((tag) => tag > last);
}

/**
 * @param tags - in order
 * @param name - one more, or one of them
 * @returns all of them, in order
 */
export function withName(tags: readonly string[], name: string): readonly string[] {
  return tags.includes(name) ? tags : inOrder([...tags, name]);
}

/**
 * @param path - of the list
 * @param page - the page that was sent: how many were asked for, and its last name
 * @returns `Link` to the next one (RFC 8288; OCI distribution-spec, "Listing Tags")
 */
export function nextLink(
  path: string,
  { most, last }: { readonly most: number; readonly last: string },
): string {
  return `<${path}?last=${encodeURIComponent(last)}&n=${most}>; rel="next"`;
}

/**
 * @param path - of a list that is gone through by cursor
 * @param parameters - of its next page; `null`: not said
 * @returns `Link` to that (RFC 8288)
 */
export function linkToNext(
  path: string,
  parameters: Readonly<Record<string, string | number | null>>,
): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== null) said.set(name, String(value));
  return `<${path}?${said.toString()}>; rel="next"`;
}
