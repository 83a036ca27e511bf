import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { Counter, Gauge, Registry } from "prom-client";
import { OtherEnded } from "#service-kit/exit-code.js";
import type { ToWorker } from "#service-kit/processes/messages.js";
import { workerLink } from "#service-kit/processes/worker-link.js";
import type { WorkerProcess } from "#service-kit/processes/worker-process.js";
import { workerProcesses } from "#service-kit/processes/worker-processes.js";
import { eventually } from "#tests/support/eventually.js";

/** A process that is none: what it is told goes to a link as in a real one. */
class Fake extends EventEmitter implements WorkerProcess {
  static made = 0;
  readonly id = (Fake.made += 1);
  readonly told: ToWorker[] = [];
  readonly killed: string[] = [];
  readonly channel = new EventEmitter();
  readonly registry = new Registry();
  readonly counter = new Counter({ name: "done_total", help: "x", registers: [this.registry] });
  readonly state = new Gauge({ name: "worst", help: "x", aggregator: "max", registers: [this.registry] }); // prettier-ignore
  readonly heard: number[] = [];
  isSilent = false;
  readonly link = workerLink(
    this.registry,
    Object.assign(this.channel, {
      send: (message: object) => this.emit("message", JSON.parse(JSON.stringify(message))),
    }),
  );
  readonly process = {
    pid: this.id,
    kill: (signal: NodeJS.Signals) => {
      this.killed.push(signal);
      if (signal === "SIGKILL") this.end(null, signal);
    },
  };

  constructor() {
    super();
    this.link.hearStop((urgency) => this.heard.push(urgency));
  }

  isConnected(): boolean {
    return true;
  }

  send(message: ToWorker): void {
    this.told.push(message);
    if (!this.isSilent) this.channel.emit("message", message);
  }

  end(code: number | null, signal: string | null = null): void {
    this.emit("exit", code, signal);
  }
}

function world(stopMilliseconds = 60_000) {
  const forked: Fake[] = [];
  const errors: object[] = [];
  const registry = new Registry();
  const workers = workerProcesses({
    count: 2,
    fork: () => {
      const fake = new Fake();
      forked.push(fake);
      return fake;
    },
    stopMilliseconds,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (line: object) => errors.push(line),
    },
    registry,
    restarts: { least: 1, most: 8, soon: 60_000 },
  });
  const up = async () => {
    const started = workers.start();
    for (const fake of forked) await fake.link.start();
    await started;
  };
  return { forked, errors, workers, up };
}

describe("processes that do the work", () => {
  test("are started when all of them are up", async () => {
    const { forked, workers } = world();
    let isStarted = false;
    const started = workers.start().then(() => (isStarted = true));
    await forked[0]?.link.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStarted).toBe(false);
    await forked[1]?.link.start();
    await started;
    expect(forked).toHaveLength(2);
  });

  test("end the service, with its exit code, when one cannot start", async () => {
    const { forked, workers } = world();
    const started = workers.start();
    forked[0]?.end(78);
    await new Promise((resolve) => setImmediate(resolve));
    expect(forked[1]?.told).toEqual([{ kind: "stop", urgency: 2 }]);
    forked[1]?.end(0);
    await expect(started).rejects.toEqual(new OtherEnded(78));
    await expect(started).rejects.toHaveProperty("exitCode", 78);
  });

  test("are replaced when they end, later and later while they end soon, and each time it is told", async () => {
    const { forked, errors, workers, up } = world();
    await up();
    for (let i = 0; i < 5; i += 1) {
      forked.at(-1)?.end(null, "SIGKILL");
      await eventually("another one is started", () => forked.length === 3 + i);
    }
    expect(errors).toMatchObject(
      [0.002, 0.004, 0.008, 0.008, 0.008].map((againInSeconds) => ({
        ...{ event: "worker.ended", signal: "SIGKILL", againInSeconds },
      })),
    );
    const text = await workers.metrics();
    expect(text).toContain("worker_process_restarts_total 5");
    expect(text).toContain('worker_processes{state="wanted"} 2');
    expect(text).toContain('worker_processes{state="up"} 1');
  });

  test("are told to end in two steps, are not replaced then, and stopped when all have ended", async () => {
    const { forked, errors, workers, up } = world();
    await up();
    workers.announceStop?.();
    forked[0]?.end(0);
    let isStopped = false;
    const stopped = workers.stop().then(() => (isStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).toBe(false);
    expect(forked[1]?.heard).toEqual([1, 2]);
    forked[1]?.end(0);
    await stopped;
    expect(forked).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  test("are killed when they do not end", async () => {
    const { forked, workers, up } = world(1);
    await up();
    await workers.stop();
    expect(forked.map(({ killed }) => killed)).toEqual([["SIGKILL"], ["SIGKILL"]]);
  });
});

describe("metrics of several processes", () => {
  test("are added up, or are those of the worst where they say so", async () => {
    const { forked, workers, up } = world();
    await up();
    for (const [i, fake] of forked.entries()) {
      fake.counter.inc(10 + i);
      fake.state.set(3 + i);
    }
    const text = await workers.metrics();
    expect(text).toContain("done_total 21");
    expect(text).toContain("worst 4");
  });

  test("never go down: what a process had counted stays when it has ended", async () => {
    const { forked, workers, up } = world();
    await up();
    for (const fake of forked) fake.counter.inc(10);
    expect(await workers.metrics()).toContain("done_total 20");
    forked[0]?.state.set(9);
    forked[0]?.end(1);
    await eventually("another one is started", () => forked.length === 3);
    forked[2]?.counter.inc(5);
    const text = await workers.metrics();
    expect(text).toContain("done_total 25");
    expect(text).toContain("worst 0");
  });

  test("are shown without the news of one that says nothing", async () => {
    const { forked, workers, up } = world();
    await up();
    for (const fake of forked) fake.counter.inc(1);
    await workers.metrics();
    if (forked[0] !== undefined) forked[0].isSilent = true;
    for (const fake of forked) fake.counter.inc(1);
    expect(await workers.metrics()).toContain("done_total 3");
  });
});
