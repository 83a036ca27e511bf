import { afterEach, describe, expect, test } from "@jest/globals";
import { identityOf } from "#local/processes/process-identity.js";
import { waitUntil } from "#local/processes/wait.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type Part, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const PARTS: readonly Part[] = [
  "gateway",
  "identity-provider",
  "postgres",
  "registry",
  "sns",
  "token-server",
];

let stacks: TestStack[] = [];
let folders: TemporaryFolder[] = [];
afterEach(async () => {
  await Promise.all(stacks.map((stack) => stack.stop()));
  await Promise.all(folders.map((folder) => folder.remove()));
  stacks = [];
  folders = [];
});

/** A data folder that outlives a stack, but not the test. */
async function keptFolder(): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder.path;
}

async function start(options: Parameters<typeof startTestStack>[0] = {}): Promise<TestStack> {
  const stack = await startTestStack(options);
  stacks.push(stack);
  return stack;
}

async function pidsOf(stack: TestStack): Promise<number[]> {
  const pids = await Promise.all(PARTS.map((part) => stack.pidOf(part)));
  return [...pids, stack.supervisor.pid ?? null].filter((pid) => pid !== null);
}

async function areGone(pids: readonly number[]): Promise<boolean> {
  const identities = await Promise.all(pids.map((pid) => identityOf(pid)));
  return identities.every((identity) => identity === null);
}

describe("the local stack", () => {
  test("two stacks run side by side, each with data of its own", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const digest = await registryClient(one.url, "alice-token").push("alpha/app", "1.0", "one");
    const pull = (stack: TestStack) =>
      registryClient(stack.url, "bob-token").manifest("alpha/app", digest);
    expect((await pull(one)).status).toBe(200);
    expect((await pull(other)).status).toBe(404);
  });

  test("the registry refuses the token of a client that goes past the gateway", async () => {
    const stack = await start();
    const client = registryClient(stack.url, "alice-token");
    const digest = await client.push("alpha/app", "1.0", "kept");
    const token = await client.token("repository:alpha/app:pull,push");
    const { registry } = await stack.addresses();
    const answer = await fetch(`${registry ?? ""}/v2/alpha/app/manifests/${digest}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(401);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends everything within ten seconds, and the next start has the data",
    async (signal) => {
      const dataDir = await keptFolder();
      const first = await start({ dataDir });
      const client = registryClient(first.url, "alice-token");
      const digest = await client.push("alpha/app", "1.0", "kept");
      const pids = await pidsOf(first);
      expect(pids).toHaveLength(PARTS.length + 1);
      const since = performance.now();
      // A second signal, as an impatient user sends it, must not cut the orderly end short.
      const ended = first.stop(signal);
      first.supervisor.kill(signal);
      expect(await ended).toBe(0);
      expect(performance.now() - since).toBeLessThan(10_000);
      expect(await areGone(pids)).toBe(true);

      const second = await start({ dataDir });
      const kept = await registryClient(second.url, "bob-token").manifest("alpha/app", "1.0");
      expect(kept.status).toBe(200);
      expect(
        (await registryClient(second.url, "bob-token").manifest("alpha/app", digest)).text,
      ).toBe(kept.text);
    },
  );

  test("every part that is killed comes back at its place, and nothing pushed is lost", async () => {
    const stack = await start();
    const client = registryClient(stack.url, "alice-token");
    for (const part of PARTS) {
      const digest = await client.push("alpha/app", part, part);
      await stack.killAndAwait(part);
      const isServed = async () => (await client.manifest("alpha/app", part)).status === 200;
      expect(await waitUntil(isServed, { withinMs: 20_000 })).toBe(true);
      expect((await client.manifest("alpha/app", digest)).status).toBe(200);
      await client.push("alpha/app", `after-${part}`, part);
    }
  });

  test("when the supervisor itself is killed, everything ends, and the next start works", async () => {
    const dataDir = await keptFolder();
    const first = await start({ dataDir });
    const client = registryClient(first.url, "alice-token");
    await client.push("alpha/app", "1.0", "kept");
    const pids = await pidsOf(first);
    first.supervisor.kill("SIGKILL");
    expect(await waitUntil(() => areGone(pids), { withinMs: 10_000 })).toBe(true);
    const second = await start({ dataDir });
    const pulled = await registryClient(second.url, "bob-token").manifest("alpha/app", "1.0");
    expect(pulled.status).toBe(200);
  });
});
