import { existsSync } from "node:fs";
import {
  chown,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { LocalStackError } from "../errors.js";
import type { User } from "../processes/launch.js";
import type { PostgresBinaries } from "./postgres-binaries.js";
import { runProgram } from "../processes/run-program.js";
import { waitUntil } from "../processes/wait.js";

/** Where a cluster is and whose it is. */
export interface Cluster {
  binaries: PostgresBinaries;
  /** Folder that holds the cluster's folder `data`. */
  folder: string;
  user: User | null;
  superuser: string;
  password: string;
}

/** How long backends that have lost their postmaster, or a fast shutdown, may take. */
const DYING_MS = 5_000;

/**
 * Makes the cluster at the first start. Either all of it is there afterwards or nothing is.
 *
 * @param cluster - where it is to be
 * @returns the cluster's data folder
 * @throws LocalStackError with initdb's own words when that fails
 */
export async function ensureCluster(cluster: Cluster): Promise<string> {
  const { folder, user } = cluster;
  const data = join(folder, "data");
  if (existsSync(data)) return data;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user !== null) await chown(folder, user.uid, user.gid);
  const draft = join(folder, "draft");
  await rm(draft, { recursive: true, force: true });
  await withPasswordFile(cluster, (passwordFile) => initialise(cluster, draft, passwordFile));
  await rename(draft, data);
  return data;
}

/**
 * Postgres does not start while `postmaster.pid` names a process that exists, although after a crash that may be a dead
 * one that nobody has reaped, one that is dying, or by now any program. What tells is whether anything of the cluster
 * still runs: Postgres' processes have its data folder for their working directory.
 *
 * @param data - the cluster's data folder
 */
export async function forgetDeadPostmaster(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const isDead = async () => !(await runsIn(data));
  // What still lives has a word to say about it: Postgres itself.
  if (await waitUntil(isDead, { withinMs: DYING_MS })) await rm(file, { force: true });
}

/** Without rights on a process, or when it is dead, there is no link to read: none of ours. */
async function runsIn(folder: string): Promise<boolean> {
  const path = await realpath(folder);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")),
  );
  return folders.includes(path);
}

async function withPasswordFile(
  { folder, user, password }: Cluster,
  work: (file: string) => Promise<void>,
): Promise<void> {
  const file = join(folder, "password");
  await rm(file, { force: true });
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  try {
    if (user !== null) await chown(file, user.uid, user.gid);
    await work(file);
  } finally {
    await unlink(file);
  }
}

async function initialise(cluster: Cluster, data: string, passwordFile: string): Promise<void> {
  const args = ["--pgdata", data, "--username", cluster.superuser, "--pwfile", passwordFile];
  const { ok, output } = await runProgram({
    file: cluster.binaries.initdb,
    args: [...args, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    cwd: cluster.folder,
    ...(cluster.user === null ? {} : { user: cluster.user }),
  });
  if (!ok) throw new LocalStackError(`Postgres could not make its data folder ${data}:\n${output}`);
}
