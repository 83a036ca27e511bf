import { join } from "node:path";
import type { RegistryLine } from "#registry-config/settings.js";
import { ensureDebianPackage } from "./debian-package.js";
import { LocalStackError, StoppedError } from "../errors.js";
import { findOnPath, isExecutable } from "../processes/launch.js";
import { runProgram } from "../processes/run-program.js";

/** The stock registry: a program of this machine, or an image in a Docker engine. */
export type RegistryProgram =
  | { kind: "binary"; file: string; version: string; line: RegistryLine }
  | { kind: "image"; docker: string; image: string; version: string; line: RegistryLine };

/** Where to look for the registry. */
export interface RegistrySearch {
  /** Value of `REGISTRY_BIN`, or `null`. */
  named: string | null;
  /** Folder for downloads. */
  toolsDir: string;
  say: (line: string) => void;
  signal: AbortSignal;
}

const IMAGE = "registry:3.1.1";

/**
 * Looks for the stock registry: `REGISTRY_BIN`, the PATH, Debian's package, a Docker engine.
 *
 * @param search - where to look
 * @returns the first one found
 * @throws LocalStackError when there is none, naming the ways to provide one
 */
export async function findRegistry(search: RegistrySearch): Promise<RegistryProgram> {
  const { named } = search;
  if (named !== null) return describeNamed(named);
  for (const program of ["registry", "docker-registry"]) {
    const file = findOnPath(program);
    const found = file === null ? null : await describeBinary(file);
    if (found !== null) return found;
  }
  const debian = await findDebianPackage(search);
  if (typeof debian !== "string") return debian;
  const image = await findDockerImage();
  if (image !== null) return image;
  throw new LocalStackError(missing(debian));
}

async function describeNamed(file: string): Promise<RegistryProgram> {
  if (!isExecutable(file))
    throw new LocalStackError(
      `REGISTRY_BIN: given "${file}", wanted a program that can be executed`,
    );
  const found = await describeBinary(file);
  if (found !== null) return found;
  throw new LocalStackError(
    `REGISTRY_BIN: "${file} --version" does not name a distribution registry of version 2.8 or 3`,
  );
}

async function describeBinary(file: string): Promise<RegistryProgram | null> {
  const command = { file, args: ["--version"], env: { PATH: process.env["PATH"] } };
  const { ok, stdout } = await runProgram(command, { timeoutMs: 10_000 });
  const version = / v?((\d+)\.(\d+)\.\S+)/.exec(stdout);
  if (!ok || version === null || !stdout.includes("distribution")) return null;
  const line = lineOf(Number(version[2]), Number(version[3]));
  return line === null ? null : { kind: "binary", file, version: version[1] ?? "", line };
}

function lineOf(major: number, minor: number): RegistryLine | null {
  if (major === 3) return "3";
  return major === 2 && minor >= 8 ? "2.8" : null;
}

/** Gives the reason as text when there is no such package to be had. */
async function findDebianPackage(search: RegistrySearch): Promise<RegistryProgram | string> {
  const { toolsDir, say, signal } = search;
  if (findOnPath("apt-get") === null) return "this machine has no apt-get";
  try {
    const { binFolders } = await ensureDebianPackage("docker-registry", toolsDir, { signal, say });
    const file = binFolders.map((folder) => join(folder, "docker-registry")).find(isExecutable);
    const found = file === undefined ? null : await describeBinary(file);
    return found ?? "Debian's package docker-registry holds no program that runs here";
  } catch (error) {
    if (signal.aborted) throw new StoppedError();
    if (error instanceof LocalStackError) return error.message;
    throw error;
  }
}

async function findDockerImage(): Promise<RegistryProgram | null> {
  const docker = findOnPath("docker");
  if (docker === null) return null;
  const args = ["version", "--format", "{{.Server.Version}}"];
  const { ok } = await runProgram({ file: docker, args, env: process.env }, { timeoutMs: 10_000 });
  return ok ? { kind: "image", docker, image: IMAGE, version: IMAGE, line: "3" } : null;
}

function missing(whyNotDebian: string): string {
  return [
    "the stock registry (CNCF distribution, 2.8 or 3) was not found. Provide it in one of these ways:",
    "  - set REGISTRY_BIN to its program",
    "  - put registry or docker-registry on the PATH",
    "  - let apt-get download Debian's package docker-registry, which failed here:",
    ...whyNotDebian.split("\n").map((line) => `      ${line}`),
    `  - start a Docker engine that has or can fetch the image ${IMAGE}`,
  ].join("\n");
}
