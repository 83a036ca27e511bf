import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LocalStackError } from "../errors.js";
import { runProgram } from "../processes/run-program.js";

/** A Debian package that was unpacked into a folder. */
export interface UnpackedPackage {
  root: string;
  /** Folders with its programs. */
  binFolders: string[];
  /** Environment its programs need. */
  env: { PATH: string; LD_LIBRARY_PATH: string };
}

export interface PackageOptions {
  /** Whether packages it needs that the machine lacks come along. */
  withDependencies?: boolean;
  /** Further packages that are unpacked into the same folder, where programs of several work together. */
  beside?: readonly string[];
  /** Told when something is downloaded. */
  say?: (line: string) => void;
  signal?: AbortSignal;
}

const MINUTES_10 = 600_000;

/**
 * Downloads and unpacks a Debian package into a folder. Needs no root, installs nothing on the machine
 * and starts nothing: the package's own scripts do not run.
 *
 * @param name - the package
 * @param toolsDir - folder for everything that is downloaded
 * @param options - whether dependencies come along
 * @returns where its programs are
 * @throws LocalStackError with apt's own words when the package cannot be had
 */
export async function ensureDebianPackage(
  name: string,
  toolsDir: string,
  options: PackageOptions = {},
): Promise<UnpackedPackage> {
  const root = join(toolsDir, name);
  if (!existsSync(root)) await unpackNewPackage({ name, toolsDir, root, ...options });
  return describe(root);
}

interface Request extends PackageOptions {
  name: string;
  toolsDir: string;
  root: string;
}

async function unpackNewPackage(request: Request): Promise<void> {
  const { name, toolsDir, root, signal, say } = request;
  say?.(`downloading Debian's package ${name}`);
  const work = join(toolsDir, `${name}.${process.pid}`);
  const archives = join(work, "archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  try {
    await download(request, archives);
    const files = (await readdir(archives)).filter((file) => file.endsWith(".deb"));
    for (const file of files) {
      const args = ["-x", join(archives, file), join(work, "root")];
      const { ok, output } = await run("dpkg-deb", args, work, signal);
      if (!ok)
        throw new LocalStackError(`the Debian package ${file} cannot be unpacked:\n${output}`);
    }
    if (files.length === 0)
      throw new LocalStackError(`apt-get downloaded nothing for the package ${name}`);
    // Somebody else may have unpacked the same package meanwhile; theirs is as good.
    await rename(join(work, "root"), root).catch((error: unknown) => {
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The machine's own package lists may be missing, empty or older than the archive; then a private
 * copy is fetched, which needs no root.
 */
async function download(request: Request, archives: string): Promise<void> {
  const { name, beside = [], toolsDir, withDependencies = false, signal } = request;
  const shared = ["-y", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="];
  const cache = ["-o", `Dir::Cache::archives=${archives}`];
  const names = [name, ...beside];
  const command = withDependencies
    ? ["install", "--no-install-recommends", "--reinstall", "--download-only", ...cache, ...names]
    : ["download", ...names];
  const first = await run("apt-get", [...shared, ...command], archives, signal);
  if (first.ok) return;
  const lists = await privateLists(toolsDir);
  const update = await run("apt-get", [...shared, ...lists, "update"], archives, signal);
  const second = await run("apt-get", [...shared, ...lists, ...command], archives, signal);
  if (!second.ok)
    throw new LocalStackError(
      `the Debian package ${name} cannot be downloaded:\n${first.output}\n${update.output}\n${second.output}`,
    );
}

async function privateLists(toolsDir: string): Promise<string[]> {
  const lists = join(toolsDir, "apt", "lists");
  const cache = join(toolsDir, "apt", "cache");
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(cache, { recursive: true });
  return [
    ...["-o", `Dir::State::lists=${lists}`],
    ...["-o", `Dir::Cache::pkgcache=${join(cache, "pkgcache.bin")}`],
    ...["-o", `Dir::Cache::srcpkgcache=${join(cache, "srcpkgcache.bin")}`],
  ];
}

function run(file: string, args: readonly string[], cwd: string, signal?: AbortSignal) {
  const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C", ...proxies() };
  const options = { timeoutMs: MINUTES_10, ...(signal === undefined ? {} : { signal }) };
  return runProgram({ file, args, cwd, env }, options);
}

function proxies(): NodeJS.ProcessEnv {
  const names = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

async function describe(root: string): Promise<UnpackedPackage> {
  const present = (paths: string[]) =>
    paths.map((path) => join(root, path)).filter((path) => existsSync(path));
  const multiarch = (await readdir(join(root, "usr", "lib")).catch(() => [])).filter((entry) =>
    entry.endsWith("-linux-gnu"),
  );
  const binFolders = present(["usr/bin", "usr/sbin", "bin", "sbin"]);
  const libraries = present([
    ...multiarch.flatMap((triplet) => [`usr/lib/${triplet}`, `lib/${triplet}`]),
    ...["usr/lib", "lib"],
  ]);
  return {
    root,
    binFolders,
    env: {
      PATH: [...binFolders, process.env["PATH"] ?? ""].join(":"),
      LD_LIBRARY_PATH: libraries.join(":"),
    },
  };
}
