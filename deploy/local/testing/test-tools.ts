import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackage, type UnpackedPackage } from "../programs/debian-package.js";
import { LocalStackError } from "../errors.js";
import { findOnPath, isExecutable } from "../processes/launch.js";
import { ensureBrowserOnPath, ensureOpensslOnPath } from "./programs-on-path.js";
import { findRegistry, type RegistryProgram } from "../programs/registry-binary.js";

/** A program the tests run, with the environment it needs besides the usual one. */
export interface Tool {
  file: string;
  env: Record<string, string>;
}

/** What the tests need from outside the repository; a text in place of a tool says why it is missing. */
export interface TestTools {
  registry: RegistryProgram;
  skopeo: Tool;
  docker: { engine: Tool; client: Tool } | string;
  podman: Tool | string;
  buildah: Tool | string;
}

interface Downloads {
  toolsDir: string;
  say: (line: string) => void;
}

/** Name of the file, in the folder of tools, that tells the tests where they are. */
export const TOOLS_FILE = "tools.json";

/**
 * Gets the programs that the tests need and writes down where they are.
 *
 * @param toolsDir - folder for downloads
 * @param say - told about progress
 * @returns what was found
 * @throws LocalStackError when one that no test run can do without cannot be had
 */
export async function prepareTestTools(
  toolsDir: string,
  say: (line: string) => void,
): Promise<TestTools> {
  await mkdir(toolsDir, { recursive: true });
  const signal = new AbortController().signal;
  const named = process.env["REGISTRY_BIN"] ?? null;
  const tools: TestTools = {
    registry: await findRegistry({ named, toolsDir, say, signal }),
    skopeo: await ensureTool("skopeo", "skopeo", { toolsDir, say }),
    docker: await findDocker({ toolsDir, say }),
    podman: await findForRoot("podman", { toolsDir, say }),
    buildah: await findForRoot("buildah", { toolsDir, say }),
  };
  await ensureOpensslOnPath(toolsDir, say);
  await ensureBrowserOnPath(toolsDir, say);
  await writeFile(join(toolsDir, TOOLS_FILE), `${JSON.stringify(tools, null, 2)}\n`);
  return tools;
}

/** A program that works on images in a store of its own, which only root can set up without more ado. */
async function findForRoot(program: string, downloads: Downloads): Promise<Tool | string> {
  if (process.getuid?.() !== 0) return `${program} is run by root alone`;
  try {
    return await ensureTool(program, program, downloads);
  } catch (error) {
    if (error instanceof LocalStackError) return error.message;
    throw error;
  }
}

async function findDocker(downloads: Downloads): Promise<TestTools["docker"]> {
  if (process.getuid?.() !== 0) return "a Docker engine can be started by root alone";
  try {
    return {
      engine: await ensureTool("dockerd", "docker.io", downloads),
      client: await ensureTool("docker", "docker.io", downloads),
    };
  } catch (error) {
    if (error instanceof LocalStackError) return error.message;
    throw error;
  }
}

async function ensureTool(
  program: string,
  packageName: string,
  { toolsDir, say }: Downloads,
): Promise<Tool> {
  const installed = findOnPath(program, `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`);
  if (installed !== null) return { file: installed, env: {} };
  const unpacked = await ensureDebianPackage(packageName, toolsDir, {
    withDependencies: true,
    say,
  });
  return asTool(program, unpacked);
}

function asTool(program: string, { root, binFolders, env }: UnpackedPackage): Tool {
  const file = binFolders.map((folder) => join(folder, program)).find(isExecutable);
  if (file === undefined) throw new LocalStackError(`${root} holds no program ${program}`);
  return { file, env };
}
