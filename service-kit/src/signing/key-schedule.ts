/** Something that becomes active at a moment and stays so until a later one does. */
export interface Scheduled {
  /** Seconds since the epoch. */
  readonly activeFrom: number;
}

/**
 * @param keys - keys in any order, at least one of them active
 * @param now - seconds since the epoch
 * @returns the key that signs now: the youngest that is active; when none is, the oldest
 */
export function activeKey<K extends Scheduled>(keys: readonly K[], now: number): K {
  const sorted = [...keys].sort((a, b) => a.activeFrom - b.activeFrom);
  const active = sorted.filter(({ activeFrom }) => activeFrom <= now).at(-1) ?? sorted[0];
  if (active === undefined) throw new Error("there is no signing key");
  return active;
}

/**
 * @param keys - keys in any order
 * @param now - seconds since the epoch
 * @param retainSeconds - how long tokens of a key live after its successor took over
 * @returns the keys that verifiers have to know: coming ones, the active one, and those whose tokens live
 */
export function publishedKeys<K extends Scheduled>(
  keys: readonly K[],
  now: number,
  retainSeconds: number,
): K[] {
  return keys.filter((key) => {
    const successor = activeKey(keys, now);
    const superseded = [...keys]
      .filter(({ activeFrom }) => activeFrom > key.activeFrom && activeFrom <= now)
      .sort((a, b) => a.activeFrom - b.activeFrom)[0];
    return (
      key === successor || superseded === undefined || now < superseded.activeFrom + retainSeconds
    );
  });
}
