import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeProtectedHeader } from "jose";
import { DIST } from "#local/repository-root.js";
import { waitUntil } from "#local/processes/wait.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { testTools } from "#tests/support/tools.js";

let stack: TestStack;
let alice: RegistryClient;

beforeAll(async () => {
  stack = await startTestStack();
  alice = registryClient(stack.url, "alice-token");
});
afterAll(() => stack.stop());

describe(`changing the signing keys, on registry ${testTools().registry.version}`, () => {
  test("restarts nothing, and every push that goes on meanwhile succeeds", async () => {
    const processes = await pids();
    const before = await keyIdOfToken();
    await keys("rotate", "--owner", "token-server", "--in", "4");
    await keys("rotate", "--owner", "gateway", "--in", "4");
    let pushes = 0;
    await waitUntil(
      async () => {
        await alice.push("alpha/rotating", `v${pushes}`, `content ${pushes}`);
        pushes += 1;
        return (await keyIdOfToken()) !== before;
      },
      { withinMs: 60_000 },
    );
    await alice.push("alpha/rotating", "after", "content after");
    expect((await alice.manifest("alpha/rotating", "v0")).status).toBe(200);
    expect(pushes).toBeGreaterThan(0);
    expect(await pids()).toEqual(processes);
    const listed = await keys("list", "--owner", "token-server");
    expect(listed).toMatch(/^old /m);
    expect(listed).toMatch(/^active /m);
  });

  test("a token of the key before is taken as long as it lives", async () => {
    await alice.push("alpha/old", "v0", "content");
    const old = await alice.token("repository:alpha/old:pull");
    const before = await keyIdOfToken();
    await keys("rotate", "--owner", "token-server", "--in", "0");
    await waitUntil(async () => (await keyIdOfToken()) !== before, { withinMs: 30_000 });
    const answer = await fetch(`${stack.url}/v2/alpha/old/manifests/v0`, {
      headers: {
        authorization: `Bearer ${old}`,
        accept: "application/vnd.oci.image.manifest.v1+json",
      },
    });
    expect(answer.status).toBe(200);
  });
});

async function keyIdOfToken(): Promise<string | undefined> {
  return decodeProtectedHeader(await alice.token()).kid;
}

async function keys(...args: string[]): Promise<string> {
  const program = join(DIST, "service-kit", "src", "signing", "main.js");
  const dir = ["--dir", join(stack.dataDir, "keys")];
  return (await promisify(execFile)(process.execPath, [program, ...args, ...dir])).stdout;
}

function pids() {
  return Promise.all((["token-server", "gateway", "registry"] as const).map((p) => stack.pidOf(p)));
}
