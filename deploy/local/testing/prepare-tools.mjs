import { join } from "node:path";
import { root } from "../set-up/run.mjs";

/**
 * Gets the programs the tests need and tells the tests where they are.
 *
 * @throws {Error} when one is missing that no test run can do without
 */
export async function prepareTools() {
  const { prepareTestTools } = await import(
    new URL("../../../dist/deploy/local/testing/test-tools.js", import.meta.url).href
  );
  const folder = join(root, ".data", "tools");
  process.env.PATH = `${join(folder, "bin")}:${process.env.PATH}`;
  const { registry, docker } = await prepareTestTools(folder, console.log);
  console.log(`the stock registry is ${registry.file ?? registry.image} (${registry.version})`);
  if (typeof docker === "string") console.log(`tests with a Docker engine are skipped: ${docker}`);
}
