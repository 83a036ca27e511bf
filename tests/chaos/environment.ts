import { readFile } from "node:fs/promises";
import type { TestStack } from "#tests/support/stack.js";

/**
 * @param stack - running
 * @returns what its gateway was started with; the channel to its supervisor is not for others
 */
export async function environmentOf(stack: TestStack): Promise<NodeJS.ProcessEnv> {
  const pid = await stack.pidOf("gateway");
  const text = await readFile(`/proc/${pid ?? "self"}/environ`, "utf8");
  const pairs = text.split("\0").map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return Object.fromEntries(
    pairs.filter(([name]) => name !== "" && !name.startsWith("NODE_CHANNEL_")),
  );
}
