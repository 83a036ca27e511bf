import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { childrenOf } from "#tests/support/process-table.js";
import { registryClient } from "#tests/support/registry-client.js";
import { scenario } from "#tests/support/scenario.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const METRIC = /^(\w+(?:\{[^}]*\})?) (\S+)$/gm;

const UP = 'worker_processes{state="up"}';

let stack: TestStack;
let gateway: ServiceBeside;

beforeAll(async () => {
  stack = await startTestStack();
  gateway = await serviceBeside(stack, "gateway", {
    GATEWAY_PROCESSES: "2",
    LOG_LEVEL: "debug",
    SHUTDOWN_DELAY_SECONDS: "2",
  });
  await gateway.start();
  // It is ready as soon as one of them answers.
  await eventually("both are up", async () => (await metrics()).get(UP) === 2);
}, 240_000);
afterAll(async () => {
  await gateway.stop();
  await stack.stop();
}, 60_000);

async function metrics(): Promise<Map<string, number>> {
  const [{ port } = { port: 0 }] = lines("listening").filter((line) => line.listener === "metrics");
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map([...text.matchAll(METRIC)].map(([, name = "", value]) => [name, Number(value)]));
}

interface Line {
  readonly event?: string;
  readonly listener?: string;
  readonly port?: number;
  readonly pid?: number;
}

function lines(event: string): Line[] {
  return gateway
    .output()
    .split("\n")
    .filter((text) => text.startsWith("{"))
    .map((text) => JSON.parse(text) as Line)
    .filter((line) => line.event === event);
}

/** Answered GETs of `/v2/` with success, as the one endpoint says. */
async function answered(): Promise<number> {
  const all = await metrics();
  return all.get('http_requests_total{route="base",method="GET",status="200"}') ?? 0;
}

async function ask(times: number): Promise<void> {
  const client = registryClient(gateway.url, "alice-token");
  const headers = { Authorization: `Bearer ${await client.token("repository:alpha/app:pull")}` };
  for (let i = 0; i < times; i += 1) {
    // A connection for each, so that both processes get some.
    const answer = await fetch(`${gateway.url}/v2/`, {
      headers: { ...headers, Connection: "close" },
    });
    expect(answer.status).toBe(200);
  }
}

describe("a gateway of two processes", () => {
  const part = scenario();
  part("has one port, and one endpoint that adds up what both have answered", async () => {
    await ask(20);
    expect(await answered()).toBe(20);
    expect((await metrics()).get(UP)).toBe(2);
    expect((await metrics()).get('ready{check="database"}')).toBe(1);
  });

  part("lets two pushes of a tag through as two gateways do: one", async () => {
    const client = registryClient(gateway.url, "alice-token");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => client.push("alpha/raced", "1.0", `content ${i}`)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  part("replaces a process that is killed, goes on answering, and keeps its counts", async () => {
    const before = await answered();
    const pids = workersOf();
    expect(pids).toHaveLength(2);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await eventually("it is replaced", async () => {
      const all = await metrics();
      return all.get("worker_process_restarts_total") === 1 && all.get(UP) === 2;
    });
    expect(lines("worker.ended")).toMatchObject([{ pid: pids[0], signal: "SIGKILL", isUp: true }]);
    await ask(10);
    expect(await answered()).toBe(before + 10);
    expect(workersOf()).toHaveLength(2);
  });

  part(
    "says that it is about to stop, also when all are told at once, then ends with all of its processes",
    async () => {
      const pids = workersOf();
      // As systemd and terminals do: who is told twice of one thing is in no more hurry.
      for (const pid of pids) process.kill(pid, "SIGTERM");
      const begun = performance.now();
      const stopped = gateway.stop();
      await eventually("it is not ready", async () => (await statusOfReady()) === 503);
      expect(await stopped).toBe(0);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(2_000);
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
      expect(lines("worker.ended")).toHaveLength(1);
    },
  );

  part("is refused a number of processes that is none", async () => {
    const wrong = await serviceBeside(stack, "gateway", {
      GATEWAY_PROCESSES: "none",
    });
    await expect(wrong.start()).rejects.toThrow(
      'GATEWAY_PROCESSES: given "none", wanted a whole number from 1 to 64, or auto',
    );
    expect(await wrong.stop()).toBe(78);
  });
});

async function statusOfReady(): Promise<number> {
  return (await fetch(`${gateway.url}/ready`, { headers: { Connection: "close" } })).status;
}

function workersOf(): number[] {
  return childrenOf(gateway.pid());
}
