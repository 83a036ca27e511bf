import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const PASSES = 4;
/** Each has the storage looked at besides; in a minute, that is what it is in two. */
const SECONDS = 20;
/** As often as it is by default, `DISCOVERY_SECONDS`. */
const PASSES_A_DAY = 86_400 / 120;
const MOST_BYTES_A_DAY = 10_000_000;
const LOGS = ["gateway", "token-server", "registry", "postgres", "identity-provider", "sns"];

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: { DISCOVERY_SECONDS: String(SECONDS) } });
});
afterAll(() => stack.stop());

const textOf = (part: string) => readFile(join(stack.dataDir, "logs", `${part}.log`), "utf8");

interface Passed {
  readonly event: string;
  readonly compared: number;
  readonly manifests: number;
}

async function passes(): Promise<Passed[]> {
  const lines = (await textOf("gateway")).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line) as Passed)
    .filter(({ event }) => event === "discovery.passed");
}

test("with nobody there all processes log less than 10 MB a day, and nothing but passes of discovery", async () => {
  const alice = registryClient(stack.url, "alice-token");
  for (let i = 0; i < 10; i += 1) await alice.push(`alpha/idle-${i % 2}`, `1.${i}`, `${i}`);
  await eventually(
    "discovery has been through all that there is, and has nothing to ask",
    async () => {
      const last = (await passes()).at(-1);
      return last !== undefined && last.compared + last.manifests === 0;
    },
    120_000,
  );
  const [before, began] = [new Map<string, number>(), performance.now()];
  for (const part of LOGS) before.set(part, (await textOf(part)).length);
  const wanted = (await passes()).length + PASSES;
  // As a load balancer asks, and much more often.
  const isReady = async () => (await fetch(`${stack.url}/ready`)).ok;
  const isOver = async () => (await isReady()) && (await passes()).length >= wanted;
  await eventually("more passes", isOver, 200_000);
  const days = (performance.now() - began) / 86_400_000;
  const added = async (part: string) =>
    (await textOf(part))
      .slice(before.get(part))
      .split("\n")
      .filter((line) => line !== "");
  const gateway = (await added("gateway")).map((line) => JSON.parse(line) as Passed);
  const others = gateway.filter(({ event }) => !event.startsWith("discovery."));
  expect(others.filter(({ event }) => event !== "audit.checkpoint")).toEqual([]);
  expect(await added("token-server")).toEqual([]);
  let bytesADay = 0;
  for (const part of LOGS)
    for (const line of await added(part)) {
      // What passes ask for comes as often as they do.
      const isOfPass = /discovery\.passed|_catalog|tags\/list/.test(line);
      const times = isOfPass ? PASSES_A_DAY / PASSES : 1 / days;
      bytesADay += (line.length + 1) * times;
    }
  // Two gateways have two lines where one has one.
  expect(2 * bytesADay).toBeLessThan(MOST_BYTES_A_DAY);
});
