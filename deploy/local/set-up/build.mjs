import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { npm, root, run } from "./run.mjs";

const dist = join(root, "dist");
const SOURCE = /\.(?:tsx?|css|html|svg|mjs)$/;
const stampFile = join(dist, ".built-from");

/**
 * Compiles the sources unless `dist` was made from just these.
 *
 * @param {(line: string) => void} say told when it compiles
 * @returns {Promise<boolean>} whether the sources compile
 */
export async function build(say) {
  const stamp = stampOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return true;
  say("compiling");
  removeOrphans();
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  if ((await run(process.execPath, [tsc, "-p", "tsconfig.json"])) !== 0) return false;
  if ((await npm(["run", "--silent", "build", "--workspaces", "--if-present"])) !== 0) return false;
  mkdirSync(dist, { recursive: true });
  writeFileSync(stampFile, stamp);
  return true;
}

function stampOfSources() {
  const hash = createHash("sha256");
  const files = ["tsconfig.json", "package-lock.json", ...sourceFiles()];
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(join(root, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}

function sourceFiles() {
  const { include } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folders = [...include.map((pattern) => pattern.replace(/\/\*.*/, "")), ...workspaces];
  return folders
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => SOURCE.test(file) && !file.includes("/dist/"));
}

/** What was compiled from a source that is gone would still be found by an import. */
function removeOrphans() {
  const compiled = filesBelow("dist").filter((file) => file.endsWith(".js"));
  for (const file of compiled) {
    if (existsSync(join(root, file.replace(/^dist\//, "").replace(/\.js$/, ".ts")))) continue;
    rmSync(join(root, file));
    rmSync(join(root, `${file}.map`), { force: true });
  }
  // tsc does not look whether its earlier output is still there.
  if (compiled.length === 0) rmSync(join(dist, ".tsbuildinfo"), { force: true });
}

function filesBelow(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inside = join(folder, entry.name);
    if (!entry.isDirectory()) return [inside];
    return entry.name === "node_modules" ? [] : filesBelow(inside);
  });
}
