import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { DIST } from "#local/repository-root.js";
import { answersOk } from "#local/processes/wait.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { eventually } from "./eventually.js";
import { SILENT } from "./ledger.js";
import type { TestStack } from "./stack.js";

/**
 * @param stack - a running stack
 * @returns a connection to its ledger; whoever opens it closes it
 */
export async function openLedgerOf(stack: TestStack): Promise<Database> {
  const config = readDatabaseConfig(envReader(await environmentOfGateway(stack)));
  return openDatabase(config, { name: "test", connections: 2 }, SILENT);
}

/**
 * @param stack - a running stack
 * @returns another gateway beside the stack's own, on the same ledger, registry and token server
 */
export async function startSecondGateway(
  stack: TestStack,
): Promise<{ url: string; stop(): Promise<void> }> {
  const ports = portPicker();
  const [port, metricsPort] = [await ports.next(), await ports.next()];
  const env = {
    ...(await environmentOfGateway(stack)),
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    NOTIFICATION_PORT: "0",
  };
  const program = join(DIST, "gateway", "src", "main.js");
  const launch = launchOf({ file: process.execPath, args: [program], env }, "SIGTERM");
  const child = spawn(launch.file, launch.args, { ...launch.options, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await eventually("the second gateway is ready", () => answersOk(`${url}/ready`));
  return {
    url,
    stop: async () => {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    },
  };
}

/**
 * @param stack - a running stack
 * @returns what the gateway of the stack was started with
 */
export async function environmentOfGateway(stack: TestStack): Promise<NodeJS.ProcessEnv> {
  const pid = await stack.pidOf("gateway");
  if (pid === null) throw new Error("the gateway does not run");
  const text = await readFile(`/proc/${pid}/environ`, "utf8");
  return Object.fromEntries(
    text
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}
