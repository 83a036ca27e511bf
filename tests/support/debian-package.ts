import { join } from "node:path";
import { ensureDebianPackage, type UnpackedPackage } from "#local/programs/debian-package.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

/**
 * @param name - one of Debian's packages
 * @param beside - further ones that are unpacked into the same folder
 * @returns it, downloaded into the folder of the test tools when need be, or the reason why it cannot be had
 */
export async function findDebianPackage(
  name: string,
  beside: readonly string[] = [],
): Promise<UnpackedPackage | string> {
  const tools = process.env["TEST_TOOLS_DIR"] ?? join(REPOSITORY_ROOT, ".data", "tools");
  try {
    return await ensureDebianPackage(name, tools, { withDependencies: true, beside });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
