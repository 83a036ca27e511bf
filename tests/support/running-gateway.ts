import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { SILENT } from "./ledger.js";
import { environmentOf, serviceBeside } from "./service-beside.js";
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
 * @param told - what it is told otherwise than the stack's own
 * @returns another gateway beside the stack's own, on the same ledger, registry and token server
 */
export async function startSecondGateway(
  stack: TestStack,
  told: NodeJS.ProcessEnv = {},
): Promise<{ url: string; stop(): Promise<void> }> {
  const second = await serviceBeside(stack, "gateway", told);
  await second.start();
  return {
    url: second.url,
    stop: async () => {
      await second.stop();
    },
  };
}

/**
 * @param stack - a running stack
 * @returns what the gateway of the stack was started with
 */
export function environmentOfGateway(stack: TestStack): Promise<NodeJS.ProcessEnv> {
  return environmentOf(stack, "gateway");
}
