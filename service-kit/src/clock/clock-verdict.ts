/** How another clock goes compared with one's own. */
export interface ClockReading {
  /** Milliseconds by which it is ahead of one's own; negative: behind. */
  readonly ahead: number;
  /** How far off that may be, in milliseconds: half of the time that asking took, and how coarsely it tells. */
  readonly within: number;
}

/** What clocks say of each other. */
export interface ClockVerdict {
  /** One's own: `doubtful` when as many clocks say that it is wrong as that it is right. */
  readonly own: "right" | "wrong" | "doubtful";
  /** Which others differ from it. */
  readonly differing: readonly string[];
}

/**
 * Who is right is decided by how many go alike: nobody's clock counts more than another's.
 *
 * @param readings - other clocks, by name
 * @param tolerance - milliseconds by which clocks may differ
 * @returns what they say
 */
export function judgeClocks(
  readings: ReadonlyMap<string, ClockReading>,
  tolerance: number,
): ClockVerdict {
  const all = [...readings];
  const alike = (a: ClockReading, b: ClockReading) =>
    Math.abs(a.ahead - b.ahead) <= tolerance + a.within + b.within;
  const differing = all.filter(([, reading]) => !alike(reading, OWN));
  const together = differing.map(
    ([, one]) => all.filter(([, another]) => alike(one, another)).length,
  );
  const against = Math.max(0, ...together);
  const forOwn = 1 + all.length - differing.length;
  const own = against > forOwn ? "wrong" : against === forOwn ? "doubtful" : "right";
  return { own, differing: differing.map(([name]) => name) };
}

const OWN: ClockReading = { ahead: 0, within: 0 };

/**
 * @param time - what another clock said, in milliseconds since the epoch
 * @param asked - when it was asked and when the answer came, by one's own clock
 * @param coarseness - milliseconds for which it says the same
 * @returns how it goes
 */
export function clockReading(
  time: number,
  asked: { readonly from: number; readonly to: number },
  coarseness: number,
): ClockReading {
  return {
    ahead: time + coarseness / 2 - (asked.from + asked.to) / 2,
    within: coarseness / 2 + (asked.to - asked.from) / 2,
  };
}

/**
 * @param name - whose clock it is, as `the database`
 * @param ahead - milliseconds by which it is ahead; negative: behind
 * @param than - whose it is compared with, as `the gateway`
 * @returns a sentence without its end
 */
export function describeDifference(name: string, ahead: number, than: string): string {
  const direction = ahead > 0 ? "ahead of" : "behind";
  return `${name}'s clock is ${inWords(Math.abs(ahead) / 1_000)} ${direction} ${than}'s`;
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} hours`
    : `${Math.round(seconds / 86_400)} days`;
}
