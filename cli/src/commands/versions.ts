/**
 * @param one - a tag
 * @param other - another
 * @returns their order as versions: numbers by value, a pre-release before its release (semver.org, point 11)
 */
export function byVersion(one: string, other: string): number {
  const [first, second] = [parse(one), parse(other)];
  return (
    compareParts(first.release, second.release) ||
    Number(first.before === null) - Number(second.before === null) ||
    compareParts(first.before ?? [], second.before ?? []) ||
    (one < other ? -1 : one > other ? 1 : 0)
  );
}

function parse(tag: string) {
  const dash = tag.indexOf("-");
  const release = (dash === -1 ? tag : tag.slice(0, dash)).replace(/^v(?=\d)/, "");
  return {
    release: release.split("."),
    before: dash === -1 ? null : tag.slice(dash + 1).split(/[.-]/),
  };
}

function compareParts(one: readonly string[], other: readonly string[]): number {
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    const [first, second] = [one[i], other[i]];
    if (first === undefined) return -1;
    if (second === undefined) return 1;
    const order = comparePart(first, second);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(one: string, other: string): number {
  const [first, second] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (first && second) return Number(one) - Number(other);
  // Numbers come before words.
  if (first !== second) return first ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}
