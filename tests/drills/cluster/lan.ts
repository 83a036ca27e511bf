import { readdir, readlink } from "node:fs/promises";
import { startChild, type Child } from "#local/processes/child.js";
import { launchOf, type Command } from "#local/processes/launch.js";
import { runProgram } from "#local/processes/run-program.js";
import { waitUntil } from "#local/processes/wait.js";

/** A machine on the network of a drill: a network namespace, and whatever runs in it. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** Starts a program on it. */
  run(command: Command, logFile: string): Promise<Child>;
  /** Its cable is pulled: packets go nowhere, and nobody is told. */
  lose(): Promise<void>;
  /** The cable is back. */
  find(): Promise<void>;
  /** Every process on it stands still (SIGSTOP). */
  freeze(): Promise<unknown>;
  /** They go on. */
  thaw(): Promise<unknown>;
  /** Every process on it is killed (SIGKILL). */
  kill(): Promise<void>;
}

const NETWORK = "10.77.0";
/** This process, and all that runs beside it: gateways, HAProxy, etcd. */
export const OWN_ADDRESS = `${NETWORK}.1`;
const BRIDGE = "lan";

/** Makes the network that hosts are put on; for a process with a network namespace of its own. */
export async function openLan(): Promise<void> {
  await ip("link set lo up");
  await ip(`link add ${BRIDGE} type bridge`);
  await ip(`addr add ${OWN_ADDRESS}/24 dev ${BRIDGE}`);
  await ip(`link set ${BRIDGE} up`);
}

/**
 * @param number - from 1
 * @param logFile - of the process that keeps it
 * @returns a host on the network
 */
export async function addHost(number: number, logFile: string): Promise<Host> {
  const name = `node${number}`;
  const address = `${NETWORK}.${10 + number}`;
  const keeper = await startChild({
    command: { file: "unshare", args: ["--net", "--", "sleep", "infinity"], env: process.env },
    logFile,
    deathSignal: "SIGKILL",
    ipc: false,
  });
  const [own, its] = ["/proc/self/ns/net", `/proc/${keeper.pid}/ns/net`];
  const isApart = async () => (await readlink(its)) !== (await readlink(own));
  if (!(await waitUntil(isApart, { withinMs: 10_000, everyMs: 10 })))
    throw new Error(`${name} has no network of its own`);
  const enter = ["nsenter", `--net=${its}`, "--"];
  const inside = (line: string) => run([...enter, "ip", ...line.split(" ")]);
  await ip(`link add ${name} type veth peer name eth0 netns ${keeper.pid}`);
  await ip(`link set ${name} master ${BRIDGE} up`);
  await inside("link set lo up");
  await inside(`addr add ${address}/24 dev eth0`);
  await inside("link set eth0 up");
  const signalAll = async (signal: NodeJS.Signals) => {
    const pids = (await processesIn(await readlink(its))).filter((pid) => pid !== keeper.pid);
    for (const pid of pids) trySignal(pid, signal);
    return pids.length;
  };
  return {
    name,
    address,
    run: (command, log) => {
      const { file, args, options } = launchOf(command, "SIGKILL");
      const entered = {
        file: enter[0] ?? "",
        args: [...enter.slice(1), file, ...args],
        ...options,
      };
      return startChild({ command: entered, logFile: log, deathSignal: "SIGKILL", ipc: false });
    },
    lose: () => ip(`link set ${name} down`),
    find: () => ip(`link set ${name} up`),
    freeze: () => signalAll("SIGSTOP"),
    thaw: () => signalAll("SIGCONT"),
    kill: async () => {
      // A process may have started another one meanwhile.
      const isEmpty = async () => (await signalAll("SIGKILL")) === 0;
      if (!(await waitUntil(isEmpty, { withinMs: 10_000, everyMs: 20 })))
        throw new Error(`${name} cannot be killed`);
    },
  };
}

/** Those that are being buried count no more: they have no namespace to read. */
async function processesIn(namespace: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const namespaces = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => "")),
  );
  return pids.filter((_, i) => namespaces[i] === namespace).map(Number);
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

function ip(line: string): Promise<void> {
  return run(["ip", ...line.split(" ")]);
}

async function run([file = "", ...args]: readonly string[]): Promise<void> {
  const { ok, output } = await runProgram({ file, args, env: process.env });
  if (!ok) throw new Error(`${[file, ...args].join(" ")}: ${output}`);
}
