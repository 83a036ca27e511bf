/** Random numbers that are the same again for the same seed. */
export interface Random {
  /** @returns a whole number from 0 to below `limit` */
  below(limit: number): number;
  /** @returns one of these */
  oneOf<T>(values: readonly T[]): T;
}

/**
 * @param seed - any whole number
 * @returns the numbers that follow from it (mulberry32)
 */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    oneOf: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error("nothing to choose from");
      return value;
    },
  };
}
