/**
 * Makes a part of the logins, or goes on with the one before where it would be made from the same: it remembers who
 * was verified and which keys an issuer has, and nobody is to lose that for a change elsewhere in the file.
 *
 * @param name - of the part; under one name there is always the same kind of part
 * @param madeFrom - all that the part depends on; can be written as JSON
 * @param make - makes it
 * @returns the part
 */
export type KeepPart = <T>(name: string, madeFrom: unknown, make: () => T) => T;

/** Makes each part anew. */
export const makeAnew: KeepPart = (_name, _madeFrom, make) => make();

/** @returns a memory of the parts of one file, that of a part which is not made any more included */
export function keptParts(): KeepPart {
  const parts = new Map<string, { readonly madeFrom: string; readonly part: unknown }>();
  return <T>(name: string, madeFrom: unknown, make: () => T): T => {
    const text = JSON.stringify(madeFrom);
    const before = parts.get(name);
    if (before?.madeFrom === text) return before.part as T;
    const part = make();
    parts.set(name, { madeFrom: text, part });
    return part;
  };
}
