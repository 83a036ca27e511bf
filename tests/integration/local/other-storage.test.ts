import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { localCommand } from "#tests/support/local-command.js";
import { registryClient } from "#tests/support/registry-client.js";
import { launchStack, startTestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function command(...args: string[]) {
  return runProgram(localCommand(folder.path, ["gateway/src/commands/storage/main.js", ...args]));
}

test("npm start on another storage keeps running, says what to do, and is ready once it was accepted", async () => {
  const first = await startTestStack({ dataDir: folder.path });
  await registryClient(first.url, "alice-token").push("alpha/app", "1.0", "kept");
  await first.stop();
  await rename(join(folder.path, "registry", "blobs"), join(folder.path, "elsewhere"));

  const { supervisor, output } = launchStack({ dataDir: folder.path });
  try {
    await eventually("it says so", () => output().includes("NOTHING CAN BE PUSHED: "));
    expect(output()).toContain("npm run storage -- accept --reason TEXT");
    expect(output()).not.toMatch(/^ready /m);
    expect((await command("show")).ok).toBe(false);
    expect(await command("accept", "--reason", "begun anew")).toMatchObject({ ok: true });
    await eventually("it is ready", () => /^ready http/m.test(output()));
    const [, url = ""] = /^ready (\S+)$/m.exec(output()) ?? [];
    await registryClient(url, "alice-token").push("alpha/app", "2.0", "anew");
  } finally {
    supervisor.kill("SIGTERM");
    await eventually("it has ended", () => supervisor.exitCode !== null);
  }
  expect(supervisor.exitCode).toBe(0);
});
