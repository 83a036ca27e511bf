import type { ProcessWatch } from "./process-usage.js";

/** What one round of one side brought. */
export interface Sample {
  /** In the topic's unit. */
  readonly value: number;
  /** Requests, pushes or pulls that were made. */
  readonly count: number;
  /** Milliseconds within which half, and 99 of 100, were answered; absent where that was not looked at. */
  readonly p50?: number;
  readonly p99?: number;
}

/** One of those that are asked the same. */
export interface Side {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

/** Medians of a topic's sides, by name. */
export type Medians = Readonly<Record<string, Sample>>;

/** What has to come out of one run. */
export interface Target {
  readonly what: string;
  readonly wanted: number;
  /** Whether less is better; absent: more is. */
  readonly isMost?: boolean;
  readonly reached: (medians: Medians, used: Used) => number;
}

/** One thing that is measured, and whose processes are watched meanwhile. */
export interface Topic {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly sides: readonly Side[];
  readonly targets: readonly Target[];
}

/** What the watched process used in all rounds of its side. */
export interface Used {
  readonly cpuSeconds: number;
  readonly microsecondsEach: number;
  readonly peakMebibytes: number;
}

/** A measured topic. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly sides: readonly {
    readonly name: string;
    readonly median: Sample;
    readonly rounds: readonly Sample[];
  }[];
  readonly targets: readonly {
    readonly what: string;
    readonly wanted: number;
    readonly isMost: boolean;
    readonly reached: number;
    readonly isReached: boolean;
  }[];
  readonly used: Used;
}

/** Name of the side whose process is watched. */
export const GATEWAY = "gateway";

/**
 * Asks all sides in turn, so that all see the machine in the same moods.
 *
 * @param topic - what is measured
 * @param options - how often each side is asked, and whether once before, which does not count
 * @param watch - the gateway's process
 * @returns medians, what was reached of the targets, and what the gateway used
 */
export async function measure(
  topic: Topic,
  { rounds, warmsUp }: { readonly rounds: number; readonly warmsUp: boolean },
  watch: ProcessWatch,
): Promise<Row> {
  const samples = new Map(topic.sides.map(({ name }) => [name, [] as Sample[]]));
  let [cpuSeconds, count, peakMebibytes] = [0, 0, 0];
  if (warmsUp) for (const side of topic.sides) await side.run();
  for (let round = 0; round < rounds; round += 1)
    for (const { name, run } of topic.sides) {
      const before = await watch.begin();
      const sample = await run();
      samples.get(name)?.push(sample);
      if (name !== GATEWAY) continue;
      const used = await watch.end(before);
      cpuSeconds += used.cpuSeconds;
      peakMebibytes = Math.max(peakMebibytes, used.peakMebibytes);
      count += sample.count;
    }
  return rowOf(topic, samples, {
    cpuSeconds,
    peakMebibytes,
    microsecondsEach: (cpuSeconds * 1e6) / Math.max(count, 1),
  });
}

/**
 * @param topic - what was measured
 * @param samples - of each side
 * @param used - by the gateway
 * @returns the medians, and what they say of the targets
 */
function rowOf(
  { name, title, unit, sides, targets }: Topic,
  samples: ReadonlyMap<string, readonly Sample[]>,
  used: Used,
): Row {
  const measured = sides.map((side) => {
    const rounds = samples.get(side.name) ?? [];
    return { name: side.name, median: medianOf(rounds), rounds };
  });
  const medians = Object.fromEntries(measured.map((side) => [side.name, side.median]));
  const judged = targets.map(({ what, wanted, isMost = false, reached }) => {
    const value = reached(medians, used);
    return { what, wanted, isMost, reached: value, isReached: isMost ? value <= wanted : value >= wanted }; // prettier-ignore
  });
  return { name, title, unit, sides: measured, targets: judged, used };
}

function medianOf(rounds: readonly Sample[]): Sample {
  const of = (read: (sample: Sample) => number | undefined) => {
    const values = rounds.map(read).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  const [p50, p99] = [of((sample) => sample.p50), of((sample) => sample.p99)];
  return {
    value: of(({ value }) => value) ?? NaN,
    count: rounds.reduce((sum, { count }) => sum + count, 0),
    ...(p50 === undefined ? {} : { p50 }),
    ...(p99 === undefined ? {} : { p99 }),
  };
}

/** @returns the middle one, of an even number the mean of the two in the middle */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}

/**
 * @param side - whose value
 * @param other - compared with whose
 * @returns the ratio of the two
 */
export function ratio(side: string, other: string): Target["reached"] {
  return (medians) => (medians[side]?.value ?? NaN) / (medians[other]?.value ?? NaN);
}
