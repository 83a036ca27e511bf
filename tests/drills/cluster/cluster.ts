import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild, type Child } from "#local/processes/child.js";
import { runProgram } from "#local/processes/run-program.js";
import { waitUntil } from "#local/processes/wait.js";
import { choosePostgresUser } from "#local/postgres/postgres-user.js";
import { withClient, type PostgresLogin } from "#local/postgres/postgres.js";
import { ETCD_PORT, haproxyConfig, LEADER_PORT, type ClusterSettings } from "./configurations.js";
import { addHost, openLan, OWN_ADDRESS } from "./lan.js";
import { mountMemory, prepareNode, superuserOf, type Node } from "./patroni.js";
import type { ClusterPrograms } from "./programs.js";

/** Three Postgres of which one leads, and what chooses it. */
export interface Cluster {
  readonly nodes: readonly Node[];
  readonly settings: ClusterSettings;
  /** How the product logs in, by way of HAProxy. */
  readonly login: PostgresLogin;
  /** @returns the node that leads; `null` while there is none */
  leader(): Promise<Node | null>;
  /** @returns nodes that neither lead nor follow, or all while none leads or commits wait for none though they should */
  missing(): Promise<readonly Node[]>;
  /** Tells HAProxy where the gateways are. */
  openFront(gatewayPorts: readonly number[]): Promise<void>;
}

const SIZE = 3;
const PRODUCT = {
  user: "wharfinger",
  password: "wharfinger-password",
  database: "wharfinger",
};
/** Bytes that a standby may lack and still follow. */
const MOST_BEHIND = 1 << 20;
const UP_WITHIN_MS = 60_000;

/**
 * Starts etcd, the nodes and HAProxy; they end with the namespaces that this process is in.
 *
 * @param programs - what they are made of
 * @param options - folder for everything, and what is chosen
 * @returns the cluster, whole
 * @throws Error when it does not become so
 */
export async function startCluster(
  programs: ClusterPrograms,
  options: { readonly folder: string; readonly settings: ClusterSettings },
): Promise<Cluster> {
  const { folder, settings } = options;
  await openLan();
  await startEtcd(programs, folder);
  const user = await choosePostgresUser(join(programs.postgresBin, "initdb"), join(folder, "none"));
  const nodes: Node[] = [];
  for (let number = 1; number <= SIZE; number += 1) {
    const host = await addHost(number, join(folder, `host${number}.log`));
    nodes.push(await prepareNode(host, { programs, user, folder, settings }));
  }
  for (const node of nodes) await node.start();
  const haproxy = haproxyOf(programs, folder, nodes);
  const cluster: Cluster = {
    nodes,
    settings,
    login: { host: "127.0.0.1", port: LEADER_PORT, ...PRODUCT },
    leader: async () => {
      const leads = await Promise.all(nodes.map((node) => node.leads()));
      return nodes.find((_, i) => leads[i]) ?? null;
    },
    missing: async () => {
      const leader = await cluster.leader();
      if (leader === null) return nodes;
      const standbys = (await leader.standbys()).filter(({ behind }) => behind < MOST_BEHIND);
      if (
        settings.replication === "synchronous" &&
        !standbys.some((standby) => standby.isSynchronous)
      )
        return nodes;
      const names = [leader.host.name, ...standbys.map(({ name }) => name)];
      return nodes.filter(({ host }) => !names.includes(host.name));
    },
    openFront: haproxy.restart,
  };
  await haproxy.restart([]);
  if ((await untilWhole(cluster, UP_WITHIN_MS)).length > 0)
    throw new Error(`the cluster does not become whole: ${folder}`);
  await makeDatabase(cluster);
  return cluster;
}

/**
 * @param cluster - a cluster
 * @param withinMs - how long it may take
 * @returns nodes that are missing still
 */
export async function untilWhole(cluster: Cluster, withinMs: number): Promise<readonly Node[]> {
  let missing: readonly Node[] = cluster.nodes;
  const isWhole = async () => (missing = await cluster.missing()).length === 0;
  await waitUntil(isWhole, { withinMs, everyMs: 250 });
  return missing;
}

async function startEtcd({ etcd }: ClusterPrograms, folder: string): Promise<void> {
  const data = join(folder, "etcd");
  await mkdir(data);
  // etcd waits for its disk at each renewal of a lease, and the machine's may be busy.
  await mountMemory(data, "256m");
  const [clients, peers] = [`http://${OWN_ADDRESS}:${ETCD_PORT}`, `http://${OWN_ADDRESS}:2380`];
  const args = [
    ...["--data-dir", join(data, "data"), "--log-level", "error"],
    ...["--listen-client-urls", clients, "--advertise-client-urls", clients],
    ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
    ...["--initial-cluster", `default=${peers}`],
  ];
  const logFile = join(folder, "etcd.log");
  const { file, env } = etcd;
  await startChild({ command: { file, args, env }, logFile, deathSignal: "SIGKILL", ipc: false });
}

function haproxyOf(
  { haproxy }: ClusterPrograms,
  folder: string,
  nodes: readonly Node[],
): { restart: (gatewayPorts: readonly number[]) => Promise<void> } {
  let running: Child | null = null;
  const config = join(folder, "haproxy.cfg");
  return {
    restart: async (gatewayPorts) => {
      running?.send("SIGKILL");
      await running?.ended;
      const hosts = nodes.map(({ host }) => host);
      await writeFile(config, haproxyConfig(hosts, gatewayPorts));
      const command = { ...haproxy, args: ["-db", "-f", config] };
      const logFile = join(folder, "haproxy.log");
      const check = await runProgram({ ...command, args: ["-c", "-f", config] });
      if (!check.ok) throw new Error(`HAProxy refuses its configuration: ${check.output}`);
      running = await startChild({ command, logFile, deathSignal: "SIGKILL", ipc: false });
    },
  };
}

async function makeDatabase(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  if (leader === null) throw new Error("the cluster has no leader");
  await withClient(superuserOf(leader.host), async (client) => {
    await client.query(`create role ${PRODUCT.user} login password '${PRODUCT.password}'`);
    await client.query(`create database ${PRODUCT.database} owner ${PRODUCT.user}`);
  });
}
