import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const run = promisify(execFile);
const ports = portPicker();

/** Folder of a version that has been compiled. */
export type Version = string;

/**
 * Compiles another version, with the packages of this one.
 *
 * @param revision - a commit
 * @param folder - a folder that there is not yet
 * @returns the version, and what removes it
 */
export async function compileVersion(
  revision: string,
  folder: string,
): Promise<{ readonly version: Version; readonly remove: () => Promise<void> }> {
  await run("git", ["-C", REPOSITORY_ROOT, "worktree", "add", "--detach", folder, revision]);
  const remove = async () => {
    await run("git", ["-C", REPOSITORY_ROOT, "worktree", "remove", "--force", folder]);
  };
  try {
    const packages = join(REPOSITORY_ROOT, "node_modules");
    await symlink(packages, join(folder, "node_modules"));
    const compiler = join(packages, "typescript", "bin", "tsc");
    // Its types were checked when it was made.
    const args = [compiler, "-p", "tsconfig.json", "--noCheck"];
    await run(process.execPath, args, { cwd: folder });
  } catch (error) {
    await remove();
    throw error;
  }
  return { version: folder, remove };
}

/** A gateway beside that of a stack. */
export interface BesideGateway {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @param version - whose gateway
 * @param env - environment of the stack's own gateway
 * @returns the gateway, ready
 * @throws Error with what it printed when it does not become ready
 */
export async function startGatewayOf(
  version: Version,
  env: NodeJS.ProcessEnv,
): Promise<BesideGateway> {
  const [port, metrics, notifications] = [await ports.next(), await ports.next(), await ports.next()]; // prettier-ignore
  const own = {
    PORT: `${port}`,
    METRICS_PORT: `${metrics}`,
    NOTIFICATION_PORT: `${notifications}`,
  };
  const launch = launchOf(
    {
      file: process.execPath,
      args: [join(version, "dist", "gateway", "src", "main.js")],
      cwd: version,
      env: { ...env, ...own },
    },
    "SIGTERM",
  );
  const child = spawn(launch.file, launch.args, { ...launch.options, stdio: ["ignore", "pipe", "pipe"] }); // prettier-ignore
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${url}/ready`).catch(() => null))?.status === 200;
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  if (await waitUntil(isReady, { withinMs: 60_000 })) return { url, stop };
  await stop();
  throw new Error(`a gateway of ${version} did not become ready:\n${text}`);
}

/**
 * @param pid - of a process of this user's
 * @returns its environment
 */
export async function environmentOf(pid: number): Promise<NodeJS.ProcessEnv> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8");
  const entries = text
    .split("\0")
    .filter((entry) => entry.includes("="))
    // Of a channel to whoever started that process: another one that looks for it is aborted.
    .filter((entry) => !entry.startsWith("NODE_CHANNEL_"));
  return Object.fromEntries(entries.map((entry) => {
    const end = entry.indexOf("=");
    return [entry.slice(0, end), entry.slice(end + 1)];
  })); // prettier-ignore
}

/**
 * Migrates as the owner of the schemas.
 *
 * @param version - whose migrations
 * @param env - environment of the stack's own gateway
 * @param dataDir - of the stack
 */
export async function migrateTo(
  version: Version,
  env: NodeJS.ProcessEnv,
  dataDir: string,
): Promise<void> {
  const kept = Object.entries(env).filter(([name]) => name !== "DB_PASSWORD");
  const password = join(dataDir, "secrets", "postgres-owner");
  const owner = { DB_USER: "wharfinger_owner", DB_PASSWORD_FILE: password };
  const program = join(version, "dist", "deploy", "database", "main.js");
  await run(process.execPath, [program], {
    cwd: version,
    env: { ...Object.fromEntries(kept), ...owner },
  });
}
