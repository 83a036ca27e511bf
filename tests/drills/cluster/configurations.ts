/** How commits get to the standbys: a commit is acknowledged when one of them has it, or before any of them has. */
export type Replication = "synchronous" | "asynchronous";

/** What can be chosen of a cluster. */
export interface ClusterSettings {
  readonly replication: Replication;
  /** Seconds after which a leader that is not heard of is none any more. */
  readonly ttl: number;
}

/** Somebody on the network of the drill. */
export interface Address {
  readonly name: string;
  readonly address: string;
}

export const POSTGRES_PORT = 5432;
export const PATRONI_PORT = 8008;
export const ETCD_PORT = 2379;
/** Where HAProxy passes on to whichever Postgres is the leader. */
export const LEADER_PORT = 5000;
/** Where HAProxy passes on to the gateways. */
export const FRONT_PORT = 8000;

/** Passwords are the drill's own: nobody else reaches its network. */
const LOGINS = {
  superuser: { username: "postgres", password: "superuser-password" },
  replication: { username: "replicator", password: "replication-password" },
  rewind: { username: "rewinder", password: "rewind-password" },
};
export const SUPERUSER = LOGINS.superuser;

/**
 * Of the server's own settings those count with which it notices lost hosts: what docs/database.md asks for.
 */
const PARAMETERS = {
  max_connections: 100,
  shared_buffers: "32MB",
  max_wal_size: "128MB",
  wal_keep_size: "64MB",
  wal_log_hints: "on",
  log_lock_waits: "on",
  wal_sender_timeout: "5s",
  wal_receiver_timeout: "5s",
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 10_000,
};

/**
 * @param host - which node it is for
 * @param options - where its data, sockets and programs are, where etcd is, and what was chosen
 * @returns Patroni's configuration (JSON, which is YAML)
 */
export function patroniConfig(
  host: Address,
  options: {
    readonly data: string;
    readonly sockets: string;
    readonly postgresBin: string;
    readonly etcd: string;
    readonly network: string;
    readonly settings: ClusterSettings;
  },
): string {
  const { replication, ttl } = options.settings;
  const postgres = `${host.address}:${POSTGRES_PORT}`;
  const rest = `${host.address}:${PATRONI_PORT}`;
  const everybody = `${options.network} scram-sha-256`;
  return JSON.stringify({
    scope: "wharfinger",
    name: host.name,
    restapi: { listen: rest, connect_address: rest },
    etcd3: { hosts: [`${options.etcd}:${ETCD_PORT}`] },
    bootstrap: {
      dcs: {
        ...{ ttl, loop_wait: Math.floor(ttl / 5), retry_timeout: Math.floor(ttl * 0.3) },
        // A leader whose Postgres died is not waited for.
        primary_start_timeout: 0,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: replication === "synchronous",
        postgresql: { use_pg_rewind: true, use_slots: true, parameters: PARAMETERS },
      },
      initdb: [{ encoding: "UTF8" }, { locale: "C" }, "data-checksums"],
      pg_hba: [`host all all ${everybody}`, `host replication all ${everybody}`],
    },
    postgresql: {
      listen: postgres,
      connect_address: postgres,
      data_dir: options.data,
      bin_dir: options.postgresBin,
      pgpass: `${options.sockets}/pgpass`,
      authentication: LOGINS,
      basebackup: [{ checkpoint: "fast" }],
      parameters: { unix_socket_directories: options.sockets },
    },
  });
}

/**
 * @param nodes - hosts of Postgres
 * @param gateways - ports of the gateways on this machine
 * @returns HAProxy's configuration: one address for the leader, one for the gateways
 */
export function haproxyConfig(nodes: readonly Address[], gateways: readonly number[]): string {
  return [
    "global",
    "  maxconn 2000",
    "defaults",
    "  timeout connect 2s",
    "  timeout client 1h",
    "  timeout server 1h",
    "  timeout check 1s",
    "listen leader",
    `  bind 127.0.0.1:${LEADER_PORT}`,
    "  mode tcp",
    "  option httpchk OPTIONS /primary",
    "  http-check expect status 200",
    // What led to a node that leads no more ends, or its clients would go on with a standby.
    // Twice: a leader that was stopped says once more that it is one when it goes on.
    "  default-server inter 1s fall 2 rise 2 on-marked-down shutdown-sessions",
    ...nodes.map(
      ({ name, address }) =>
        `  server ${name} ${address}:${POSTGRES_PORT} check port ${PATRONI_PORT}`,
    ),
    "listen gateways",
    `  bind 127.0.0.1:${FRONT_PORT}`,
    "  mode http",
    // Not /ready: without a ledger a gateway still serves pulls.
    "  option httpchk GET /.well-known/health",
    "  option redispatch",
    "  default-server inter 1s fall 2 rise 1",
    ...gateways.map((port, i) => `  server gateway${i + 1} 127.0.0.1:${port} check`),
    "",
  ].join("\n");
}
