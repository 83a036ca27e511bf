import { join } from "node:path";
import { LocalStackError } from "#local/errors.js";
import { findOnPath, isExecutable } from "#local/processes/launch.js";
import { ensureDebianPackage } from "#local/programs/debian-package.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

/** A program of Debian's, and what it needs to run where it was unpacked. */
export interface Program {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @param name - of the program
 * @param packageName - Debian's package that it is in; downloaded and unpacked when the machine lacks it, never installed
 * @returns the program
 * @throws LocalStackError when it cannot be had
 */
export async function debianProgram(name: string, packageName: string): Promise<Program> {
  const installed = findOnPath(name, `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`);
  if (installed !== null) return { file: installed, env: { ...process.env } };
  const folder = process.env["TEST_TOOLS_DIR"] ?? join(REPOSITORY_ROOT, ".data", "tools");
  const { root, binFolders, env } = await ensureDebianPackage(packageName, folder, {
    withDependencies: true,
    say: console.log,
  });
  const file = binFolders.map((bin) => join(bin, name)).find(isExecutable);
  if (file === undefined) throw new LocalStackError(`${root} holds no program ${name}`);
  return { file, env };
}
