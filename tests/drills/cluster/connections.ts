import { readdir, readFile, readlink } from "node:fs/promises";

/** Counts connections of processes to the ledger while a drill goes on. */
export interface ConnectionCount {
  /** @returns the most that one process had since this was asked last */
  readonly most: () => number;
  readonly stop: () => void;
}

const EVERY_MILLISECONDS = 500;

/**
 * @param pids - gives the processes
 * @param ports - of the ledger's database, and of what leads to it
 * @returns the count, begun
 */
export function countConnections(
  pids: () => Promise<readonly number[]>,
  ports: readonly number[],
): ConnectionCount {
  let most = 0;
  let isLooking = false;
  const look = async () => {
    const sockets = socketsTo(ports, await readFile("/proc/net/tcp", "utf8"));
    for (const pid of await pids()) {
      const own = await socketsOf(pid);
      most = Math.max(most, own.filter((inode) => sockets.has(inode)).length);
    }
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }, EVERY_MILLISECONDS);
  return {
    most: () => {
      const counted = most;
      most = 0;
      return counted;
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

/**
 * @param ports - of servers
 * @param table - as proc(5) describes `/proc/net/tcp`
 * @returns inodes of the sockets whose other side is one of them, in whatever state
 */
export function socketsTo(ports: readonly number[], table: string): Set<string> {
  const rows = table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return new Set(
    rows
      .filter(([, , remote = ""]) => ports.includes(parseInt(remote.split(":")[1] ?? "", 16)))
      .map((row) => row[9] ?? "0")
      .filter((inode) => inode !== "0"),
  );
}

async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    files.map((file) => readlink(`${folder}/${file}`).catch(() => "")),
  );
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
