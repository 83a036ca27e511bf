import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, URL } from "node:url";

// Prints where a Node 24 is. The shell of an npm script goes on with it by `exec`, so that no process
// stands in between. Whatever Node started the script reads this file: nothing newer than Node 18 in it.

const WANTED_NODE = 24;
/** Before, npm reads no lock of version 3. */
const WANTED_NPM = 7;

const root = fileURLToPath(new URL("../..", import.meta.url));

try {
  if (majorOf(process.versions.node) >= WANTED_NODE) console.log(process.execPath);
  else console.log(getNode(`node-${process.platform.replace("win32", "win")}-${process.arch}`));
} catch (error) {
  console.error(`wharfinger: ${error.message}`);
  process.exitCode = 1;
}

/** Has npm get the package once, held against the lock's checksum. */
function getNode(name) {
  const path = `node_modules/${name}`;
  const { [path]: entry, "": own } = readJson("package-lock.json").packages;
  if (entry === undefined) throw new Error(`${needsNode()}, and npm has none for this machine`);
  const data = join(root, ".data");
  const home = join(data, `node-${entry.version}`);
  const file = join(path, ...entry.bin.node.split("/"));
  if (existsSync(join(home, file))) return join(home, file);

  checkNpm();
  console.error(`getting Node ${entry.version}`);
  mkdirSync(data, { recursive: true });
  const folder = mkdtempSync(join(data, "node-"));
  try {
    const dependencies = { [name]: own.optionalDependencies[name] };
    writeJson(join(folder, "package.json"), { dependencies });
    const packages = { "": { dependencies }, [path]: { ...entry, optional: false } };
    writeJson(join(folder, "package-lock.json"), { lockfileVersion: 3, packages });
    const args = ["ci", `--prefix=${folder}`, "--ignore-scripts", "--no-audit", "--no-fund"];
    if (runNpm(args, folder) !== 0 || !existsSync(join(folder, file)))
      throw new Error(`${needsNode()}, and npm could not get one, its messages are above`);
    put(folder, home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return join(home, file);
}

function checkNpm() {
  const version = /^npm\/(\S+)/.exec(process.env.npm_config_user_agent || "");
  if (version === null || majorOf(version[1]) >= WANTED_NPM) return;
  throw new Error(`needs npm ${WANTED_NPM} or later, this is ${version[1]}: npm install -g npm`);
}

/** npm's own output goes to the error stream: what is printed here is the path alone. */
function runNpm(args, cwd) {
  const options = { cwd, stdio: ["ignore", 2, 2] };
  const script = process.env.npm_execpath || "";
  if (basename(script) === "npm-cli.js")
    return spawnSync(process.execPath, [script, ...args], options).status;
  return spawnSync("npm", args, options).status;
}

/** Whoever was quicker has put the same there. */
function put(folder, home) {
  try {
    renameSync(folder, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
  }
}

function needsNode() {
  return `needs Node ${WANTED_NODE} or later, this is ${process.version}`;
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}

function readJson(name) {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}

function writeJson(file, value) {
  writeFileSync(file, JSON.stringify(value));
}
