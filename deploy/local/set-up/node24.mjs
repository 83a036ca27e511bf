import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath, URL } from "node:url";

// Prints where a Node 24 is. The shell of an npm script goes on with it by `exec`, so that no process
// stands in between. Whatever Node started the script reads this file: nothing newer than Node 18 in it.
// With `--link` (after npm's installation) it sees to `.bin/node`, which npm up to 10 takes away again.

const WANTED_NODE = 24;
/** Before, npm reads no lock of version 3. */
const WANTED_NPM = 7;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const name = `node-${process.platform.replace("win32", "win")}-${process.arch}`;
const path = `node_modules/${name}`;
const { [path]: entry, "": own } = JSON.parse(
  fs.readFileSync(join(root, "package-lock.json"), "utf8"),
).packages;

try {
  if (process.argv[2] === "--link") installed();
  else if (majorOf(process.versions.node) >= WANTED_NODE) console.log(process.execPath);
  else console.log(installed() || got());
} catch (error) {
  console.error(`wharfinger: ${error.message}`);
  process.exitCode = 1;
}

/** What an installation that npm finished has brought: its account is written last. */
function installed() {
  const modules = join(root, "node_modules");
  if (entry === undefined || !fs.existsSync(join(modules, ".package-lock.json"))) return undefined;
  const file = programIn(root);
  const link = join(modules, ".bin", "node");
  if (!fs.existsSync(file)) return undefined;
  if (!fs.existsSync(link) && process.platform !== "win32")
    fs.symlinkSync(relative(join(modules, ".bin"), file), link);
  return file;
}

/** Has npm get the package once, held against the lock's checksum. */
function got() {
  const needs = `needs Node ${WANTED_NODE} or later, this is ${process.version}`;
  if (entry === undefined) throw new Error(`${needs}, and npm has none for this machine`);
  const home = join(root, ".data", `node-${entry.version}`);
  if (fs.existsSync(programIn(home))) return programIn(home);
  fs.mkdirSync(join(root, ".data"), { recursive: true });
  const folder = fs.mkdtempSync(join(root, ".data", "node-"));
  const dependencies = { [name]: own.optionalDependencies[name] };
  const packages = { "": { dependencies }, [path]: { ...entry, optional: false } };
  const files = { package: { dependencies }, "package-lock": { lockfileVersion: 3, packages } };
  try {
    for (const [file, content] of Object.entries(files))
      fs.writeFileSync(join(folder, `${file}.json`), JSON.stringify(content));
    if (runNpm(folder) !== 0 || !fs.existsSync(programIn(folder)))
      throw new Error(`${needs}, and npm could not get one, its messages are above`);
    fs.renameSync(folder, home);
  } catch (error) {
    // Somebody who was quicker has put the same there.
    if (!fs.existsSync(home)) throw error;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return programIn(home);
}

/** npm's own output goes to the error stream: what is printed here is the path alone. */
function runNpm(cwd) {
  const version = (/^npm\/(\S+)/.exec(process.env.npm_config_user_agent || "") || [])[1];
  if (version !== undefined && majorOf(version) < WANTED_NPM)
    throw new Error(`needs npm ${WANTED_NPM} or later, this is ${version}: npm install -g npm`);
  console.error(`getting Node ${entry.version}`);
  const args = ["ci", `--prefix=${cwd}`, "--ignore-scripts", "--no-audit", "--no-fund"];
  const script = process.env.npm_execpath || "";
  const isNpm = basename(script) === "npm-cli.js";
  return spawnSync(isNpm ? process.execPath : "npm", isNpm ? [script, ...args] : args, {
    cwd,
    stdio: ["ignore", 2, 2],
  }).status;
}

function programIn(folder) {
  return join(folder, path, ...entry.bin.node.split("/"));
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}
