/**
 * Registries of 3.1.0 and 3.1.1 on S3 walk over a tag that begins with the one before it in the order of the bucket's keys (`1.20` after `1.2`).
 * What they are asked for directly behind a tag is found.
 *
 * @param listed - tags as the registry lists them
 * @param nextAfter - asks for the one tag behind a place in the order of keys
 * @returns those tags, then those that were left out; a question for each tag
 */
export async function* withHiddenTags(
  listed: AsyncGenerator<string[]>,
  nextAfter: (place: string) => Promise<readonly string[]>,
): AsyncGenerator<string[]> {
  const known = new Set<string>();
  for await (const names of listed) {
    for (const name of names) known.add(name);
    yield names;
  }
  // Also those that are found meanwhile hide others.
  for (const name of known) {
    // Behind all that the tag has in the bucket, and before the first name that begins with it.
    const next = await nextAfter(`${name}/~`);
    // Registries of the line 2.8 send all tags whatever they are asked, and hide none.
    if (next.length > 1) return;
    const hidden = next.filter((one) => !known.has(one));
    for (const one of hidden) known.add(one);
    if (hidden.length > 0) yield hidden;
  }
}

/**
 * Registries of 3.0.0 to 3.1.1 on S3 leave out a repository where a page ends with another whose name begins with its own, and goes on behind it
 * (`math-more`, `math`).
 *
 * @param listed - repositories as the registry lists them
 * @param again - the same in pages of another size, which end elsewhere
 * @returns the repositories of both, each once
 */
export async function* withHiddenRepositories(
  listed: AsyncGenerator<string[]>,
  again: AsyncGenerator<string[]>,
): AsyncGenerator<string[]> {
  const known = new Set<string>();
  for (const pages of [listed, again])
    for await (const names of pages) {
      const more = names.filter((name) => !known.has(name));
      for (const name of more) known.add(name);
      if (more.length > 0) yield more;
    }
}
