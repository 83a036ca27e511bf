import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";

/** The ways from a gateway to what it leans on, each of which can be lost. */
export interface Ways {
  readonly postgres: TcpRelay;
  readonly registry: TcpRelay;
  /** What the gateway is told so that it goes by them. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @param env - what a gateway would be told
 * @returns ways for a gateway that goes by them instead, open
 */
export async function openWays(env: NodeJS.ProcessEnv): Promise<Ways> {
  const database = new URL(`postgres:${env["DB_SUBNAME"] ?? ""}`);
  const registryUrl = new URL(env["REGISTRY_URL"] ?? "");
  const [postgres, registry] = [
    await startRelay(Number(database.port)),
    await startRelay(Number(registryUrl.port)),
  ];
  database.port = String(postgres.port);
  registryUrl.port = String(registry.port);
  const DB_SUBNAME = database.href.slice("postgres:".length);
  return { postgres, registry, env: { ...env, DB_SUBNAME, REGISTRY_URL: registryUrl.origin } };
}
