import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { waitUntil } from "#local/processes/wait.js";
import { processesWith } from "#tests/support/process-table.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

describe("npm start", () => {
  test.each([
    ["SIGTERM", "npm alone", 1],
    ["SIGINT", "the whole group, as Ctrl-C does", -1],
  ] as const)("%s to %s ends everything", async (signal, _whom, sign) => {
    const folder = await temporaryFolder();
    const { registry } = testTools();
    const npm = spawn("npm", ["start"], {
      cwd: REPOSITORY_ROOT,
      env: {
        ...process.env,
        PORT: "0",
        DATA_DIR: folder.path,
        ...(registry.kind === "binary" ? { REGISTRY_BIN: registry.file } : {}),
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const exit = once(npm, "exit");
    let output = "";
    for (const stream of [npm.stdout, npm.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    const isReady = () => /^ready http:\/\/127\.0\.0\.1:\d+$/m.test(output);
    await waitUntil(() => isReady() || npm.exitCode !== null, { withinMs: 180_000 });
    if (!isReady()) {
      // It would go on for ever.
      if (npm.exitCode === null) process.kill(-(npm.pid ?? 0), "SIGTERM");
      await exit;
      throw new Error(output);
    }

    const since = performance.now();
    process.kill(sign * (npm.pid ?? 0), signal);
    await exit;
    const areGone = () => processesWith(folder.path).length === 0;
    expect(await waitUntil(areGone, { withinMs: 10_000 })).toBe(true);
    expect(performance.now() - since).toBeLessThan(10_000);
    await folder.remove();
  });
});
