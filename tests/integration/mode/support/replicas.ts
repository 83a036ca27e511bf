import { recordAudit } from "#audit-log/record-audit.js";
import type { AuditActor } from "#audit-log/entry.js";
import { modeFollower } from "#gateway/mode/follow-mode.js";
import type { ModeName } from "#gateway/mode/mode.js";
import { switchMode } from "#gateway/mode/switch-mode.js";
import { writeGate, type WriteGate } from "#gateway/mode/write-gate.js";
import type { Database } from "#service-kit/db/pool.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { DEAF, startGateway, type TestGateway } from "#tests/support/gateway.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startDeletingRegistry } from "#tests/integration/tags/support/registry.js";

/** A gateway that follows the mode. */
export interface Replica {
  readonly name: string;
  readonly gateway: TestGateway;
  readonly gate: WriteGate;
  /** Modes that its metric was told. */
  readonly noted: ModeName[];
  /** Its way to Postgres. */
  readonly way: TcpRelay;
  /** Ends as on SIGTERM. */
  stop(): Promise<void>;
}

/** What several gateways share. */
export interface Replicas {
  readonly ledger: TestLedger;
  readonly db: Database;
  readonly authority: TokenAuthority;
  readonly registryUrl: string;
  /** Starts one more; a deaf one hears no NOTIFY, and one that is cut off does not reach Postgres. */
  start(name: string, known?: { deaf?: boolean; cutOff?: boolean }): Promise<Replica>;
  /** Switches as the command does. */
  switchTo(mode: ModeName, known?: { reason?: string; drainSeconds?: number }): Promise<boolean>;
  /** Ends all gateways and forgets what was pushed. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const OLGA: AuditActor = {
  uid: "olga",
  realm: "",
  kind: "command",
  address: "machine",
  userAgent: "",
  requestId: "",
};

/**
 * @param file - program of the registry
 * @returns Postgres, registry and token server for gateways
 */
export async function startReplicas(file: string): Promise<Replicas> {
  const postgres = await startTestPostgres();
  const registry = await startDeletingRegistry(file);
  const authority = await startTokenAuthority();
  const ledger = await createLedger(postgres);
  const db = ledger.open();
  let replicas: Replica[] = [];
  const stopAll = async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    replicas = [];
  };
  return {
    ...{ ledger, db, authority, registryUrl: registry.url },
    start: async (name, { deaf = false, cutOff = false } = {}) => {
      const way = await startRelay(ledger.config.port);
      if (cutOff) await way.cut();
      const own = ledger.open({ port: way.port, connections: 4 });
      const config = { ...ledger.config, port: way.port };
      const heard = deaf ? DEAF : subscriber(config, SILENT);
      const gate = writeGate();
      const noted: ModeName[] = [];
      const note = (mode: ModeName) => {
        noted.push(mode);
      };
      const follower = modeFollower({ db: own, log: SILENT, heard, gate, name, note });
      await heard.start();
      await follower.start();
      const gateway = await startGateway({
        registryUrl: registry.url,
        tokenServerUrl: authority.server.url,
        db: own,
        allowDelete: true,
        writes: gate,
      });
      const ended = { yet: false };
      const replica: Replica = {
        ...{ name, gateway, gate, noted, way },
        stop: async () => {
          if (ended.yet) return;
          ended.yet = true;
          await gateway.stop();
          await follower.stop();
          await heard.stop();
          await way.cut();
        },
      };
      replicas.push(replica);
      return replica;
    },
    switchTo: (mode, { reason = "the storage moves", drainSeconds = 0 } = {}) =>
      switchMode({ db, audit: recordAudit }, { mode, reason, actor: OLGA, drainSeconds }),
    clear: async () => {
      await stopAll();
      await ledger.clear();
    },
    stop: async () => {
      await stopAll();
      await authority.server.stop();
      await ledger.close();
      await Promise.all([postgres.stop(), registry.stop()]);
    },
  };
}
