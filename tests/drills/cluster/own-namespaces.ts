import { spawn } from "node:child_process";
import { once } from "node:events";
import { runProgram } from "#local/processes/run-program.js";

const NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** What a drill does in them. */
const ATTEMPT =
  "ip link add lan type bridge && ip link add one type veth peer name other && mount -t tmpfs tmpfs /mnt";
const FOLDER = "CLUSTER_DRILL_FOLDER";

/** @returns the folder for everything of this run, when this process is in namespaces of its own; else `null` */
export function folderInside(): string | null {
  return process.env[FOLDER] ?? null;
}

/** @returns why hosts that can be lost cannot be made here, or `null` */
export async function whyNoNamespaces(): Promise<string | null> {
  if (process.getuid?.() !== 0)
    return "hosts that can be lost are made by root alone: run it as root";
  const args = [...NAMESPACES, "--", "sh", "-c", ATTEMPT];
  const { ok, output } = await runProgram({ file: "unshare", args, env: process.env });
  return ok ? null : `hosts that can be lost cannot be made here: ${output}`;
}

/**
 * Runs this program again where it has a network, a table of processes and mounts of its own. Whatever the run starts or
 * mounts is gone with it, however it ends; and a host of its network can be lost as a machine is.
 *
 * @param folder - for everything of the run
 * @returns its exit code
 */
export async function runInOwnNamespaces(folder: string): Promise<number> {
  // A shell is the first process, since that one has to bury those whose parents were killed.
  const shell = ["sh", "-c", '"$@"; exit $?', "sh"];
  const again = [process.execPath, ...process.argv.slice(1)];
  const child = spawn("unshare", [...NAMESPACES, "--", ...shell, ...again], {
    env: { ...process.env, [FOLDER]: folder },
    stdio: "inherit",
  });
  const end = () => {
    child.kill("SIGKILL");
  };
  process.once("exit", end);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  const [code] = (await once(child, "exit")) as [number | null];
  process.off("exit", end);
  return code ?? 1;
}
