import { setTimeout as pause } from "node:timers/promises";
import { Counter, Gauge, type Registry } from "prom-client";
import { OtherEnded } from "../exit-code.js";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import { isOfKind, type FromWorker, type ToWorker } from "./messages.js";
import { workerMetrics } from "./worker-metrics.js";
import type { WorkerProcess } from "./worker-process.js";

/** What keeps several processes running needs. */
export interface WorkerProcessesDeps {
  /** How many there are to be. */
  readonly count: number;
  /** Starts one. */
  readonly fork: () => WorkerProcess;
  /** How long they may take to stop once they were told the last time; what is left then is killed. */
  readonly stopMilliseconds: number;
  readonly log: Pick<Logger, "error" | "info" | "warn">;
  /** Of this process; gets metrics about the others. */
  readonly registry: Registry;
  /** Absent: {@link RESTARTS}. */
  readonly restarts?: RestartPauses;
}

/** How soon one that ended is replaced, in milliseconds. */
export interface RestartPauses {
  readonly least: number;
  /** What the pause grows to, doubled with each that ended soon. */
  readonly most: number;
  /** One that lived so long did not end soon. */
  readonly soon: number;
}

/** At once after an accident, and no load when nothing helps. */
const RESTARTS: RestartPauses = { least: 100, most: 30_000, soon: 60_000 };

/** The processes of a service that do its work. */
export interface WorkerProcesses extends Component {
  /** @returns metrics of all of them and of this one, added up, in Prometheus' form */
  metrics(): Promise<string>;
}

interface Standing {
  readonly worker: WorkerProcess;
  readonly since: number;
  isUp: boolean;
}

/**
 * Keeps so many processes running: one that ends is replaced, after a pause that grows while they end soon, and that is told each
 * time. Until all were up once, one that ends is the service's own failure to start.
 *
 * @param deps - how many, and how one is started
 * @returns a component that is started when all are up, and stopped when all have ended
 */
export function workerProcesses(deps: WorkerProcessesDeps): WorkerProcesses {
  const { count, fork, log, restarts = RESTARTS } = deps;
  const standing = new Map<number, Standing>();
  const metrics = workerMetrics(deps.registry);
  const { replaced } = shown(deps.registry, count, standing);
  const stopping = new AbortController();
  let isStarted = false;
  let wait = restarts.least;

  const tellAll = (message: ToWorker) => {
    for (const { worker } of standing.values()) if (worker.isConnected()) worker.send(message);
  };
  const killAll = (signal: NodeJS.Signals) => {
    for (const { worker } of standing.values()) worker.process.kill(signal);
  };
  const replace = async ({ worker, since, isUp }: Standing, end: object) => {
    const lived = performance.now() - since;
    wait = lived < restarts.soon ? Math.min(wait * 2, restarts.most) : restarts.least;
    replaced.inc();
    const seconds = { livedSeconds: Math.round(lived / 1_000), againInSeconds: wait / 1_000 };
    log.error({ event: "worker.ended", pid: worker.process.pid, ...end, isUp, ...seconds });
    await pause(wait, null, { signal: stopping.signal }).catch(() => null);
    if (!stopping.signal.aborted) begin();
  };
  /** `settled` is told what it ended with before it was up, or that it is up. */
  const begin = (settled: (ended: number | null) => void = () => undefined) => {
    const worker = fork();
    const one: Standing = { worker, since: performance.now(), isUp: false };
    standing.set(worker.id, one);
    worker.on("message", (message) => {
      if (!isOfKind(message, ["up", "metrics"])) return;
      const told = message as FromWorker;
      if (told.kind === "metrics") metrics.heard(worker.id, told.metrics);
      else {
        one.isUp = true;
        settled(null);
      }
    });
    worker.once("exit", (code, signal) => {
      standing.delete(worker.id);
      metrics.ended(worker.id);
      settled(code ?? 1);
      if (isStarted && !stopping.signal.aborted) void replace(one, { code, signal });
    });
  };
  const hangup = () => {
    killAll("SIGHUP");
  };
  const stop = async () => {
    stopping.abort();
    process.off("SIGHUP", hangup);
    tellAll({ kind: "stop", urgency: 2 });
    const late = setTimeout(() => {
      log.warn({ event: "workers.killed", pids: [...standing.values()].map(pidOf) });
      killAll("SIGKILL");
    }, deps.stopMilliseconds);
    await Promise.all([...standing.values()].map(ended));
    clearTimeout(late);
  };
  return {
    name: "worker processes",
    start: async () => {
      // What follows files reads them again; the terminal tells all of us, and others this process alone.
      process.on("SIGHUP", hangup);
      const starts = Array.from({ length: count }, () => new Promise<number | null>(begin));
      try {
        await Promise.all(starts.map(refuseEnded));
      } catch (error) {
        await stop();
        throw error;
      }
      isStarted = true;
      log.info({ event: "workers.up", workers: count });
    },
    announceStop: () => {
      stopping.abort();
      tellAll({ kind: "stop", urgency: 1 });
    },
    stop,
    metrics: () => metrics.text([...standing.values()].map(({ worker }) => worker)),
  };
}

async function refuseEnded(start: Promise<number | null>): Promise<void> {
  const code = await start;
  if (code !== null) throw new OtherEnded(code);
}

function pidOf({ worker }: Standing): number | undefined {
  return worker.process.pid;
}

function ended({ worker }: Standing): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => {
      resolve();
    });
  });
}

function shown(registry: Registry, wanted: number, standing: ReadonlyMap<number, Standing>) {
  const registers = [registry];
  new Gauge<"state">({
    name: "worker_processes",
    help: "Processes that do the work: how many there are to be (wanted), and are (up)",
    labelNames: ["state"],
    registers,
    collect() {
      this.set({ state: "wanted" }, wanted);
      this.set({ state: "up" }, [...standing.values()].filter(({ isUp }) => isUp).length);
    },
  });
  const replaced = new Counter({
    name: "worker_process_restarts_total",
    help: "Processes that ended without being told to, and were replaced",
    registers,
  });
  return { replaced };
}
