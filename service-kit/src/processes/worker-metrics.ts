import type { Registry } from "prom-client";
import { addedMetrics, type MetricObject } from "./added-metrics.js";
import type { WorkerProcess } from "./worker-process.js";

/** Metrics of this process and of those that do the work. */
export interface WorkerMetrics {
  /** A process has said what it counted. */
  heard(id: number, metrics: MetricObject[]): void;
  /** It says nothing more. */
  ended(id: number): void;
  /** @returns metrics of all of them, added up, in Prometheus' form */
  text(workers: readonly WorkerProcess[]): Promise<string>;
}

/** One that says nothing does not keep the others' back: what it said last counts. */
const ANSWER_MILLISECONDS = 2_000;

/**
 * @param registry - of this process
 * @param answerMilliseconds - how long is waited for an answer
 * @returns what asks for metrics
 */
export function workerMetrics(
  registry: Registry,
  answerMilliseconds = ANSWER_MILLISECONDS,
): WorkerMetrics {
  const added = addedMetrics();
  const waiting = new Map<number, () => void>();
  let asking: Promise<string> | null = null;
  const answerOf = (worker: WorkerProcess) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        waiting.delete(worker.id);
        resolve();
      };
      const timer = setTimeout(done, answerMilliseconds);
      waiting.set(worker.id, done);
      if (worker.isConnected()) worker.send({ kind: "metrics" });
      else done();
    });
  const ask = async (workers: readonly WorkerProcess[]) => {
    await Promise.all(workers.map(answerOf));
    return added.text(await registry.getMetricsAsJSON());
  };
  return {
    heard: (id, metrics) => {
      added.note(id, metrics);
      waiting.get(id)?.();
    },
    ended: (id) => {
      added.end(id);
      waiting.get(id)?.();
    },
    text: (workers) => {
      asking ??= ask(workers).finally(() => (asking = null));
      return asking;
    },
  };
}
