import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { TOOLS_FILE, type TestTools } from "#local/testing/test-tools.js";

/**
 * @returns the programs from outside the repository, as `npm test` found them
 * @throws Error when it was not run yet
 */
export function testTools(): TestTools {
  const folder = process.env["TEST_TOOLS_DIR"] ?? join(REPOSITORY_ROOT, ".data", "tools");
  try {
    return JSON.parse(readFileSync(join(folder, TOOLS_FILE), "utf8")) as TestTools;
  } catch (error) {
    throw new Error(`no tools for the tests in ${folder}: run npm test once`, { cause: error });
  }
}
