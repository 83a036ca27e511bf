/**
 * Works on a few at once, in their order.
 *
 * @param items - what to work on
 * @param atOnce - how many at once
 * @param work - done for each
 * @throws the first thing that `work` throws, when everything under way has ended; nothing is begun after it
 */
export async function someAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      if (failures.length > 0) return;
      await work(item);
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, () =>
    worker().catch((error: unknown) => failures.push(error)),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
}

/**
 * @param items - what to ask about
 * @param atOnce - how many at once
 * @param holds - asked of each
 * @returns those for which it holds, in their order
 * @throws as {@link someAtOnce}
 */
export async function thoseWhere<T>(
  items: readonly T[],
  atOnce: number,
  holds: (item: T) => Promise<boolean>,
): Promise<T[]> {
  const found = new Set<T>();
  await someAtOnce(items, atOnce, async (item) => {
    if (await holds(item)) found.add(item);
  });
  return items.filter((item) => found.has(item));
}
