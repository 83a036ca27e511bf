import { AggregatorRegistry, type Registry } from "prom-client";

/** What a process says of itself, as it goes to another one. */
export type MetricObject = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>[number];

/** Metrics of several processes as if they were of one. */
export interface AddedMetrics {
  /** What a process says of itself now; `of` is its number. */
  note(of: number, metrics: MetricObject[]): void;
  /** The process has ended: what it counted stays counted, and what it showed goes. */
  end(of: number): void;
  /**
   * @param own - of the process that asks
   * @returns all of them in Prometheus' form: counters are added up, of the others each says in its definition what becomes of them
   */
  text(own: MetricObject[]): Promise<string>;
}

/** A total never goes down, or Prometheus would take it for a new beginning, and count it all again. */
const COUNTED: readonly unknown[] = ["counter", "histogram", "summary"];

/** @returns metrics of no process yet */
export function addedMetrics(): AddedMetrics {
  const now = new Map<number, MetricObject[]>();
  let ended: MetricObject[] = [];
  // Each waits for those before: what has ended is added once.
  let adding = Promise.resolve();
  const added = (all: readonly MetricObject[][]) => AggregatorRegistry.aggregate([...all]);
  return {
    note: (of, metrics) => now.set(of, metrics),
    end: (of) => {
      const counted = (now.get(of) ?? []).filter(isCounted);
      now.delete(of);
      adding = adding.then(async () => {
        ended = await added([ended, counted]).getMetricsAsJSON();
      });
    },
    text: async (own) => {
      await adding;
      return added([own, ended, ...now.values()]).metrics();
    },
  };
}

/** Typed as a number in prom-client, and a word in what it gives. */
function isCounted({ type }: MetricObject): boolean {
  return COUNTED.includes(type);
}
