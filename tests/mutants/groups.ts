import type { Guard } from "./guard.js";
import type { Reach } from "./reach.js";

/** Guards that one test file is asked about at once. */
export interface Group<G extends Pick<Guard, "id"> = Guard> {
  readonly guards: readonly G[];
  readonly reach: Reach;
}

/**
 * A file that passes with some guards out has noticed none of them; where it fails, {@link halvesOf} them are asked about. That
 * is quicker than one at a time where most files notice nothing, and no guard is called noticed that was not out alone.
 *
 * @param guards - what nobody noticed yet
 * @param restOf - the test files that are still to be asked about one, the nearest first
 * @param most - how many guards may be out at once; with 1 each is asked of its nearest file
 * @returns groups in which each guard is at most once
 */
export function groupsOf<G extends Pick<Guard, "id">>(
  guards: readonly G[],
  restOf: (guard: G) => readonly Reach[],
  most: number,
): Group<G>[] {
  const shared = new Map<string, number>();
  if (most > 1)
    for (const { test } of guards.flatMap(restOf)) shared.set(test, (shared.get(test) ?? 0) + 1);
  const count = ({ test }: Reach) => shared.get(test) ?? 0;
  const own = new Map<Reach, G[]>();
  for (const guard of guards) {
    const [reach] = restOf(guard).toSorted((a, b) => count(b) - count(a));
    if (reach !== undefined) own.set(reach, [...(own.get(reach) ?? []), guard]);
  }
  return [...own].flatMap(([reach, all]) =>
    Array.from({ length: Math.ceil(all.length / most) }, (_, index) => ({
      guards: all.slice(index * most, (index + 1) * most),
      reach,
    })),
  );
}

/**
 * @param group - guards of which a test file noticed some, or their being out together
 * @returns the same in two groups
 */
export function halvesOf<G extends Pick<Guard, "id">>({ guards, reach }: Group<G>): Group<G>[] {
  const middle = Math.ceil(guards.length / 2);
  return [guards.slice(0, middle), guards.slice(middle)].map((half) => ({ guards: half, reach }));
}
