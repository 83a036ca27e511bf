import { join } from "node:path";
import { DIST } from "#local/repository-root.js";
import { portPicker } from "#local/processes/ports.js";
import { createService, type Service } from "#local/processes/service.js";
import { answersOk, waitUntil } from "#local/processes/wait.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestStack } from "#tests/support/stack.js";
import type { TcpRelay } from "#tests/support/tcp-relay.js";
import { environmentOf } from "./environment.js";
import { openWays, type Ways } from "./ways.js";

/** Parts that can be killed. */
export const PARTS = ["gateway", "token-server", "registry", "postgres"] as const;
export type KillablePart = (typeof PARTS)[number];

/** A local stack with several gateways on its one database. */
export interface Fleet {
  /** URLs of all gateways. */
  readonly gateways: readonly string[];
  /** The stack's database, past every gateway. */
  readonly db: Database;
  /** What its first gateway was started with. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * @param part - which
   * @param instance - which of several gateways; any number
   * @returns its process, or 0 while it is down
   */
  processOf(part: KillablePart, instance: number): Promise<number>;
  /**
   * @param part - which
   * @param instance - which of several gateways; any number
   * @returns the ways that lead to it, or from it: gateways but the first have some, if that was asked for
   */
  waysOf(part: KillablePart, instance: number): readonly TcpRelay[];
  /**
   * Kills a part with SIGKILL and waits until it is back.
   *
   * @param part - which
   * @param instance - which of several gateways; any number
   */
  killAndAwait(part: KillablePart, instance: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Does as if the time had passed that a lost gateway's reservations and claims last; the living ones are fenced.
 *
 * @param fleet - the parts
 */
export async function endLeases({ db }: Pick<Fleet, "db">): Promise<void> {
  await db.query(
    `update ledger.tag set reserved_until = now() - interval '1 second'
     where reservation is not null`,
  );
  await db.query("update ledger.outbox set claim = null where claim is not null");
}

interface Gateway {
  readonly url: string;
  /** `null`: it goes to database and registry without a relay. */
  readonly ways: Ways | null;
  pid(): Promise<number>;
  killAndAwait(): Promise<void>;
}

interface ExtraGateway extends Gateway {
  readonly service: Service;
}

const READY_WITHIN_MS = 60_000;

/**
 * @param size - how many gateways
 * @param extraEnv - what all parts are told besides
 * @param others - what gateways but the first are told otherwise, and whether what they lean on can be lost to them
 * @returns the fleet, ready
 */
export async function startFleet(
  size: number,
  extraEnv: NodeJS.ProcessEnv = {},
  others: {
    readonly env?: NodeJS.ProcessEnv;
    readonly haveWays?: boolean;
    /** Data folder of all that stays; absent: a new one that goes with the fleet. */
    readonly dataDir?: string;
  } = {},
): Promise<Fleet> {
  const { dataDir } = others;
  const stack = await startTestStack({
    env: extraEnv,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const env = await environmentOf(stack);
  const ports = portPicker();
  const extra: ExtraGateway[] = [];
  for (let i = 1; i < size; i += 1)
    extra.push(
      await startGateway(
        { ...env, ...others.env },
        {
          name: `gateway-${i + 1}`,
          logFile: join(stack.dataDir, "logs", `gateway-${i + 1}.log`),
          ports: [await ports.next(), await ports.next()],
          haveWays: others.haveWays ?? false,
        },
      ),
    );
  const first = {
    url: stack.url,
    ways: null,
    pid: async () => (await stack.pidOf("gateway")) ?? 0,
    killAndAwait: () => stack.killAndAwait("gateway"),
  };
  const gateways: Gateway[] = [first, ...extra];
  const gatewayOf = (instance: number) => gateways[instance % gateways.length] ?? first;
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const db = openDatabase(config, { name: "chaos", connections: 4 }, SILENT);
  return {
    gateways: gateways.map(({ url }) => url),
    db,
    env,
    processOf: async (part, instance) =>
      part === "gateway" ? gatewayOf(instance).pid() : ((await stack.pidOf(part)) ?? 0),
    waysOf: (part, instance) => waysOf(part, part === "gateway" ? [gatewayOf(instance)] : gateways),
    killAndAwait: (part, instance) =>
      part === "gateway" ? gatewayOf(instance).killAndAwait() : stack.killAndAwait(part),
    stop: async () => {
      await db.close();
      await Promise.all(extra.map(({ service }) => service.stop()));
      for (const way of waysOf("gateway", gateways)) await way.cut();
      await stack.stop();
    },
  };
}

/** A gateway is lost with both of its ways. */
function waysOf(part: KillablePart, gateways: readonly Gateway[]): TcpRelay[] {
  return gateways.flatMap(({ ways }) => {
    if (ways === null || part === "token-server") return [];
    return part === "gateway" ? [ways.postgres, ways.registry] : [ways[part]];
  });
}

async function startGateway(
  env: NodeJS.ProcessEnv,
  options: {
    readonly name: string;
    readonly logFile: string;
    readonly ports: readonly [number, number];
    readonly haveWays: boolean;
  },
): Promise<ExtraGateway> {
  const ways = options.haveWays ? await openWays(env) : null;
  const [port, metricsPort] = options.ports;
  const url = `http://127.0.0.1:${port}`;
  let pid = 0;
  let returns = 0;
  const isReady = () => answersOk(`${url}/ready`);
  const service = createService(
    {
      name: options.name,
      command: {
        file: process.execPath,
        args: [join(DIST, "gateway", "src", "main.js")],
        env: {
          ...(ways?.env ?? env),
          PORT: String(port),
          METRICS_PORT: String(metricsPort),
          NOTIFICATION_PORT: "0",
        },
      },
      logFile: options.logFile,
      ipc: true,
      deathSignal: "SIGTERM",
      stopSignals: [["SIGTERM", 6_000]],
      readyWithinMs: READY_WITHIN_MS,
      isReady,
    },
    {
      say: (line) => {
        if (line.endsWith("is back")) returns += 1;
      },
      started: (_name, started) => {
        pid = started;
        return Promise.resolve();
      },
      stopping: new AbortController().signal,
    },
  );
  await service.start();
  return {
    url,
    ways,
    service,
    pid: () => Promise.resolve(pid),
    killAndAwait: async () => {
      const before = returns;
      process.kill(pid, "SIGKILL");
      if (!(await waitUntil(() => returns > before, { withinMs: READY_WITHIN_MS })))
        throw new Error(`${options.name} did not come back: ${options.logFile}`);
    },
  };
}
