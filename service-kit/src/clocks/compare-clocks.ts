/** How far another clock is ahead of the own one. */
export interface ClockOffset {
  /** Whose it is, to complete "…'s clock": "the token server", "Postgres". */
  readonly name: string;
  /** Negative: it is behind. */
  readonly aheadSeconds: number;
  /** How much that may be off, since the answer took its time and has no fractions. */
  readonly uncertainSeconds: number;
}

/** What comes of comparing clocks. */
export interface ClockComparison {
  /** How many clocks were compared with the own one. */
  readonly others: number;
  /** `undecided`: they differ, and no majority says which of them is wrong. */
  readonly own: "right" | "wrong" | "undecided";
  /** Those that certainly differ from the own one, whoever is wrong. */
  readonly differing: readonly ClockOffset[];
  /** Which differ, by how much, and which is wrong; `null` when none does. */
  readonly message: string | null;
}

const OWN_SECONDS = { aheadSeconds: 0, uncertainSeconds: 0 };

/**
 * Says which clocks are wrong. Most of three or more that agree are right (K. Marzullo, "Maintaining the Time in a
 * Distributed System", 1984; RFC 5905 section 11.2.1 chooses so, too); of two that differ nobody knows.
 *
 * @param own - whose clock the own one is
 * @param others - the other clocks
 * @param allowedSeconds - how far two of them may be apart
 * @returns which of them differ, and whether the own one is right
 */
export function compareClocks(
  own: string,
  others: readonly ClockOffset[],
  allowedSeconds: number,
): ClockComparison {
  const mine: ClockOffset = { name: own, ...OWN_SECONDS };
  const all = [mine, ...others];
  const differing = others.filter((other) => !agree(mine, other, allowedSeconds));
  if (differing.length === 0)
    return { others: others.length, own: "right", differing, message: null };
  const right = rightClocks(all, allowedSeconds);
  const wrong = right.size === 0 ? [] : all.filter((clock) => !right.has(clock));
  const verdict = right.has(mine) ? "right" : right.size === 0 ? "undecided" : "wrong";
  const message = [
    differing.map((clock) => differenceOf(clock, own)).join(", "),
    wrong.length === 0
      ? "which of them is wrong cannot be told"
      : `wrong by what the others say: ${wrong.map(({ name }) => clockOf(name)).join(", ")}`,
  ].join("; ");
  return { others: others.length, own: verdict, differing, message };
}

/**
 * @param clock - a clock, and how far it is ahead
 * @param own - whose clock it is ahead of
 * @returns the difference in words: "the token server's clock is 10 minutes ahead of the gateway's"
 */
export function differenceOf({ name, aheadSeconds }: ClockOffset, own: string): string {
  const direction = aheadSeconds < 0 ? "behind" : "ahead of";
  return `${clockOf(name)} is ${duration(Math.abs(aheadSeconds))} ${direction} ${ownerOf(own)}`;
}

function clockOf(name: string): string {
  return `${ownerOf(name)} clock`;
}

function ownerOf(name: string): string {
  return name.endsWith("s") ? `${name}'` : `${name}'s`;
}

function agree(a: ClockOffset, b: ClockOffset, allowedSeconds: number): boolean {
  const apart = Math.abs(a.aheadSeconds - b.aheadSeconds);
  return apart <= allowedSeconds + a.uncertainSeconds + b.uncertainSeconds;
}

/** Whoever belongs to more than half of all that agree with each other; empty: there is no such majority. */
function rightClocks(clocks: readonly ClockOffset[], allowedSeconds: number): Set<ClockOffset> {
  const groups = clocks.map((first) => groupFrom(first, clocks, allowedSeconds));
  return new Set(groups.filter(({ length }) => length * 2 > clocks.length).flat());
}

/** Clocks that all agree with each other at the latest time that `first` agrees with. */
function groupFrom(
  first: ClockOffset,
  clocks: readonly ClockOffset[],
  allowedSeconds: number,
): readonly ClockOffset[] {
  const latest = first.aheadSeconds + first.uncertainSeconds + allowedSeconds;
  const latestOf = ({ aheadSeconds, uncertainSeconds }: ClockOffset) =>
    aheadSeconds + uncertainSeconds;
  const earliestOf = ({ aheadSeconds, uncertainSeconds }: ClockOffset) =>
    aheadSeconds - uncertainSeconds;
  return clocks.filter(
    (clock) => earliestOf(clock) <= latest && latestOf(clock) >= latestOf(first),
  );
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

function duration(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} seconds`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} minutes`;
  if (seconds < 2 * DAY) return `${Math.round(seconds / HOUR)} hours`;
  return `${Math.round(seconds / DAY)} days`;
}
