import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { processesWith } from "#tests/support/process-table.js";
import { launchStack, startTestStack, type TestStackOptions } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** Starts a stack that cannot come up and returns what it said. */
async function refusal(options: TestStackOptions, wanted = 1): Promise<string> {
  const { supervisor, output } = launchStack({ ...options, dataDir: folder.path });
  const [code] = (await once(supervisor, "close")) as [number | null];
  expect(code).toBe(wanted);
  return output();
}

describe("a local stack that cannot start", () => {
  test("says so in one line when the port is taken, and leaves nothing running", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await refusal({ port })).toBe(
      `wharfinger: PORT: 127.0.0.1:${port} is in use by another program: stop it, or set PORT to a free port\n`,
    );
    server.close();
    expect(processesWith(folder.path)).toEqual([]);
  });

  test("names the variable of a registry that is not there, and ends what was started", async () => {
    const said = await refusal({ env: { REGISTRY_BIN: "/nonexistent/registry" } });
    expect(said).toMatch(/^wharfinger: REGISTRY_BIN: given "\/nonexistent\/registry", wanted/m);
    expect(processesWith(folder.path)).toEqual([]);
  });

  test("shows the end of the log of the part that failed", async () => {
    const said = await refusal({ env: { IDENTITIES_FILE: "/nonexistent.json" } });
    expect(said).toMatch(/identity-provider ended at once \(exit code 1\); the end of .*log:$/m);
    expect(said).toContain("/nonexistent.json cannot be read");
    expect(processesWith(folder.path)).toEqual([]);
  });

  test("names every variable that is wrong", async () => {
    expect(await refusal({ env: { PORT: "http", LOG_LEVEL: "loud" } }, 78)).toMatch(
      /PORT: given "http"[^]*LOG_LEVEL: given "loud"/,
    );
  });

  test("ends with 78 where a part of it is told what is wrong, with the variable", async () => {
    const said = await refusal({ env: { SIGNING_KEY: "x" } }, 78);
    expect(said).toContain("SIGNING_KEY: given one of another form, wanted PEM");
    expect(processesWith(folder.path)).toEqual([]);
  });

  test("is refused on a data folder that is in use, whose stack goes on", async () => {
    const first = await startTestStack({ dataDir: folder.path });
    expect(await refusal({})).toBe(
      `wharfinger: a stack already runs on ${folder.path} (process ${first.supervisor.pid ?? ""}): stop it, or set DATA_DIR to another folder\n`,
    );
    expect((await fetch(`${first.url}/ready`)).status).toBe(200);
    await first.stop();
  });

  test("can be stopped while it starts", async () => {
    const { supervisor, output } = launchStack({ dataDir: folder.path });
    await once(supervisor.stdout ?? supervisor, "data");
    supervisor.kill("SIGTERM");
    const [code] = (await once(supervisor, "close")) as [number | null];
    expect(code).toBe(0);
    expect(output()).not.toContain("ready");
    expect(processesWith(folder.path)).toEqual([]);
  });
});
