import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LocalStackError } from "#local/errors.js";
import { findOnPath } from "#local/processes/launch.js";
import { ensureDebianPackage } from "#local/programs/debian-package.js";
import type { Tool } from "#local/testing/test-tools.js";
import { testTools } from "#tests/support/tools.js";
import { must } from "./step.js";

/** Programs of other people that the drill needs. */
export interface Programs {
  /** Docker's engine, and its client with Compose 2 and Buildx as plugins below `plugins`. */
  readonly engine: Tool;
  readonly client: string;
  readonly plugins: string;
  readonly debootstrap: Tool;
  /** Archive that this machine's own packages come from. */
  readonly mirror: string;
}

/** Not in Debian 12 at all, or without BuildKit: from the suite that has the newest of everything. */
const LATER = ["docker-cli", "docker-compose", "docker-buildx"];
const LATER_SUITE = "sid";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * @param folder - for what is downloaded; it may stay for the next time
 * @returns the programs: the machine's own, else Debian's packages, unpacked
 * @throws LocalStackError when one cannot be had
 */
export async function findPrograms(folder: string): Promise<Programs> {
  if (process.getuid?.() !== 0) throw new LocalStackError("an engine of its own needs root");
  for (const program of ["iptables-save", "iptables", "ip", "tar", "chroot"])
    if (findOnPath(program) === null) throw new LocalStackError(`${program} is missing`);
  const { docker } = testTools();
  if (typeof docker === "string") throw new LocalStackError(docker);
  const mirror = await mirrorOfMachine();
  const later = await ensureLater(folder, mirror);
  return {
    engine: docker.engine,
    client: join(later, "usr/bin/docker"),
    plugins: join(later, "usr/libexec/docker/cli-plugins"),
    debootstrap: await findDebootstrap(folder),
    mirror,
  };
}

async function findDebootstrap(folder: string): Promise<Tool> {
  const own = findOnPath("debootstrap");
  if (own !== null) return { file: own, env: {} };
  const { root } = await ensureDebianPackage("debootstrap", folder, { say: console.log });
  const env = { DEBOOTSTRAP_DIR: join(root, "usr/share/debootstrap") };
  return { file: join(root, "usr/sbin/debootstrap"), env };
}

/** @returns the archive that apt has Debian's own packages from */
async function mirrorOfMachine(): Promise<string> {
  const args = [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Origin: Debian",
  ];
  const [mirror = ""] = (await must({ file: "apt-get", args, env: process.env })).split("\n");
  if (mirror === "") throw new LocalStackError("apt knows no archive of Debian: apt-get update");
  return mirror;
}

/** Unpacks packages of a later suite, with lists and a state of their own; nothing is installed. */
async function ensureLater(folder: string, mirror: string): Promise<string> {
  const root = join(folder, "later");
  if (existsSync(join(root, "usr/bin/docker"))) return root;
  const at = (name: string) => join(folder, "apt", name);
  for (const name of ["lists/partial", "cache/archives/partial", "packages"])
    await mkdir(at(name), { recursive: true });
  await writeFile(at("sources.list"), `deb [signed-by=${KEYRING}] ${mirror} ${LATER_SUITE} main\n`);
  await writeFile(at("status"), "");
  const own = [
    ...[
      "-o",
      `Dir::Etc::SourceList=${at("sources.list")}`,
      "-o",
      "Dir::Etc::SourceParts=/dev/null",
    ],
    ...["-o", `Dir::State::Lists=${at("lists")}`, "-o", `Dir::State::status=${at("status")}`],
    ...["-o", `Dir::Cache=${at("cache")}`, "-o", "APT::Sandbox::User=root"],
  ];
  const apt = (...args: string[]) =>
    must({ file: "apt-get", args: [...own, ...args], env: process.env, cwd: at("packages") });
  await apt("update");
  await apt("download", ...LATER);
  for (const file of (await readdir(at("packages"))).filter((name) => name.endsWith(".deb")))
    await must({
      file: "dpkg-deb",
      args: ["-x", at(join("packages", file)), root],
      env: process.env,
    });
  return root;
}

/**
 * @param tool - a program of Debian's, unpacked
 * @returns the PATH on which it finds what came with it
 */
export function pathOf({ file, env }: Tool): string {
  const { PATH = "" } = process.env;
  return [dirname(file), env["PATH"] ?? "", PATH].filter((part) => part !== "").join(":");
}
