/** Sums by name, of the names that matter most. */
export interface Heaviest {
  /** Adds to a name's sum; to the total alone for `null`. */
  readonly add: (name: string | null, amount: number) => void;
  /** @returns names and their sums; in all not more than {@link total} */
  readonly entries: () => Iterable<readonly [name: string, sum: number]>;
  /** @returns the sum of everything that was added */
  readonly total: () => number;
}

/**
 * Keeps sums by name without growing with the number of names: a new one takes the place of the lightest and goes on
 * from its sum ("Space-Saving", Metwally and others, 2005). So whatever has more than its share of the total is in it,
 * however many others come and go, and is overstated by no more than that share.
 *
 * @param most - names that are kept; the share is the total divided by that
 * @returns sums, of nothing yet
 */
export function heaviest(most: number): Heaviest {
  const sums = new Map<string, number>();
  let total = 0;
  const takeLightest = (): number => {
    const [name, sum] = [...sums].reduce((one, other) => (other[1] < one[1] ? other : one));
    sums.delete(name);
    return sum;
  };
  return {
    add: (name, amount) => {
      total += amount;
      if (name === null) return;
      const from = sums.get(name) ?? (sums.size < most ? 0 : takeLightest());
      sums.set(name, from + amount);
    },
    entries: () => sums.entries(),
    total: () => total,
  };
}
