import { mkdir, rm, writeFile, chown } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "#local/processes/launch.js";
import { runProgram } from "#local/processes/run-program.js";
import { withClient, type PostgresLogin } from "#local/postgres/postgres.js";
import {
  PATRONI_PORT,
  patroniConfig,
  POSTGRES_PORT,
  SUPERUSER,
  type ClusterSettings,
} from "./configurations.js";
import { OWN_ADDRESS, type Host } from "./lan.js";
import type { ClusterPrograms } from "./programs.js";

/** A host with a Postgres that Patroni looks after. */
export interface Node {
  readonly host: Host;
  /** Folder of its disk, which is small. */
  readonly disk: string;
  start(): Promise<unknown>;
  /** Has it begin anew with a copy of the leader's data, as `patronictl reinit` does. */
  reinitialise(): Promise<void>;
  /** @returns whether it is the leader, as it says itself; `false` when it says nothing in time */
  leads(): Promise<boolean>;
  /** @returns what it, the leader, says of the standbys that follow it; nothing when it says nothing */
  standbys(): Promise<readonly Standby[]>;
  /**
   * Asks it, the leader, to make another one the leader.
   *
   * @throws Error with Patroni's words when it does not
   */
  handOver(): Promise<void>;
}

/** A standby that follows the leader (`pg_stat_replication`). */
export interface Standby {
  readonly name: string;
  /** Whether commits wait for it. */
  readonly isSynchronous: boolean;
  /** Bytes that it has not written yet. */
  readonly behind: number;
}

const DISK = "640m";
const PATIENCE_MILLISECONDS = 500;

/**
 * @param host - where it is to be
 * @param options - its programs, whom it runs as, where its files are, and what was chosen
 * @returns the node, not started
 */
export async function prepareNode(
  host: Host,
  options: {
    readonly programs: ClusterPrograms;
    readonly user: User | null;
    readonly folder: string;
    readonly settings: ClusterSettings;
  },
): Promise<Node> {
  const { programs, user, settings } = options;
  const disk = join(options.folder, host.name);
  const data = join(disk, "data");
  const sockets = join(options.folder, `${host.name}-sockets`);
  for (const folder of [disk, sockets]) await mkdir(folder, { recursive: true });
  await mountMemory(disk, DISK);
  if (user !== null) for (const folder of [disk, sockets]) await chown(folder, user.uid, user.gid);
  const config = join(options.folder, `${host.name}.yml`);
  await writeFile(
    config,
    patroniConfig(host, {
      ...{ data, sockets, settings },
      postgresBin: programs.postgresBin,
      etcd: OWN_ADDRESS,
      network: `${OWN_ADDRESS}/24`,
    }),
  );
  const { file, script, env } = programs.patroni;
  const command = {
    file,
    args: [script, config],
    env: { ...env, LC_ALL: "C.UTF-8", HOME: disk },
    cwd: disk,
    ...(user === null ? {} : { user }),
  };
  const url = `http://${host.address}:${PATRONI_PORT}`;
  const start = () => host.run(command, join(options.folder, `${host.name}.log`));
  return {
    host,
    disk,
    start,
    reinitialise: async () => {
      await host.kill();
      await rm(data, { recursive: true, force: true });
      await start();
    },
    leads: async () => (await ask(`${url}/primary`).catch(() => null))?.status === 200,
    standbys: () => readStandbys(superuserOf(host)).catch(() => []),
    handOver: async () => {
      const body = JSON.stringify({ leader: host.name });
      const answer = await fetch(`${url}/switchover`, {
        ...{ method: "POST", body },
        signal: AbortSignal.timeout(30_000),
      });
      const words = await answer.text();
      if (answer.status !== 200) throw new Error(`no switchover: ${answer.status} ${words}`);
    },
  };
}

/**
 * @param folder - gets a disk of its own, in memory
 * @param size - as mount(8) takes it
 */
export async function mountMemory(folder: string, size: string): Promise<void> {
  const args = ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder];
  const { ok, output } = await runProgram({ file: "mount", args, env: process.env });
  if (!ok) throw new Error(`no disk in memory at ${folder}: ${output}`);
}

/**
 * @param host - where a Postgres is
 * @returns how the drill logs in to it, past HAProxy
 */
export function superuserOf({ address: host }: Pick<Host, "address">): PostgresLogin {
  const { username: user, password } = SUPERUSER;
  return { host, port: POSTGRES_PORT, user, password, database: "postgres" };
}

async function readStandbys(leader: PostgresLogin): Promise<Standby[]> {
  const { rows } = await withClient(leader, (client) =>
    client.query<Standby>(
      `select application_name as name, sync_state = 'sync' as "isSynchronous",
              pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)::float8 as behind
       from pg_stat_replication where state = 'streaming'`,
    ),
  );
  return rows;
}

function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
}
