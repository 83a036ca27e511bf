import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "../set-up/run.mjs";

/** Packages beside the product, with a lock file of their own: it does not carry what they depend on. */
const PACKAGES = ["deploy/ecs", "deploy/kubernetes"];

const INSTALL = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"];

/**
 * Installs what the packages depend on, which lint needs to know their types; does nothing that was done before.
 *
 * @throws {Error} when npm cannot
 */
export async function preparePackages() {
  for (const folder of PACKAGES) {
    if (isInstalled(join(root, folder))) continue;
    if ((await npm([...INSTALL, "--prefix", folder])) !== 0)
      throw new Error(`npm could not install what ${folder} depends on, its messages are above`);
  }
}

/**
 * Checks types and runs the tests of each package.
 *
 * @returns {Promise<(readonly [string, boolean])[]>} each package, and whether all was well
 */
export async function testPackages() {
  const outcomes = [];
  for (const folder of PACKAGES)
    for (const script of ["types", "test"]) {
      const code = await npm(["run", "--silent", script, "--prefix", folder]);
      outcomes.push([`${folder}: ${script}`, code === 0]);
    }
  return outcomes;
}

function isInstalled(folder) {
  const account = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(account)) return false;
  const found = packagesOf(account);
  const wanted = Object.entries(packagesOf(join(folder, "package-lock.json")));
  return wanted.every(
    ([path, { version, optional }]) =>
      path === "" || optional === true || found[path]?.version === version,
  );
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}
