import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackage } from "../programs/debian-package.js";
import { findOnPath } from "../processes/launch.js";

/** Folder, in the folder of tools, that the tests have on their PATH. */
const BIN_FOLDER = "bin";

/**
 * The tests call openssl by its name, as people do; a machine without it gets it from Debian's package.
 *
 * @param toolsDir - folder for downloads
 * @param say - told about progress
 */
export async function ensureOpensslOnPath(
  toolsDir: string,
  say: (line: string) => void,
): Promise<void> {
  const bin = join(toolsDir, BIN_FOLDER);
  await mkdir(bin, { recursive: true });
  if (findOnPath("openssl") !== null) return;
  const { root, env } = await ensureDebianPackage("openssl", toolsDir, {
    withDependencies: true,
    say,
  });
  const file = join(bin, "openssl");
  const settings = [
    `LD_LIBRARY_PATH='${env.LD_LIBRARY_PATH}'`,
    // Where the package would look for it is outside of the folder.
    `OPENSSL_CONF='${join(root, "etc", "ssl", "openssl.cnf")}'`,
  ];
  const program = `'${join(root, "usr", "bin", "openssl")}'`;
  await writeFile(file, `#!/bin/sh\n${settings.join(" ")} exec ${program} "$@"\n`);
  await chmod(file, 0o755);
}
