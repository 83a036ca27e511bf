import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Counter } from "prom-client";
import { tokenVerifier } from "#gateway/proxy/caller.js";
import { forwarder } from "#gateway/proxy/forward.js";
import { registryUpstream } from "#gateway/proxy/upstream.js";
import { gatewayRoutes } from "#gateway/routes.js";
import { uploadSessions } from "#gateway/uploads/upload-sessions.js";
import { Fault } from "#registry-protocol/faults.js";
import { formatScope } from "#registry-protocol/scope.js";
import type { Database } from "#service-kit/db/pool.js";
import { httpListener } from "#service-kit/http/server.js";
import { createMetrics } from "#service-kit/metrics.js";
import { Secret } from "#service-kit/secret.js";
import { SILENT } from "./ledger.js";
import { ISSUER, SERVICE } from "./token-authority.js";

export const NOTIFICATION_SECRET = "notification-secret";

const UPLOAD_CAP_SECONDS = 3_600;

/** Where the other parts are, and what is not the default. */
export interface TestGatewayOptions {
  readonly registryUrl: string;
  readonly tokenServerUrl: string;
  /** Ledger; absent: one that is away. */
  readonly db?: Database;
  readonly publicUrl?: string;
  readonly trustedProxies?: readonly string[];
}

/** A gateway in this process. */
export interface TestGateway {
  readonly url: string;
  readonly port: number;
  /** @returns its metrics as Prometheus reads them */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param options - where the other parts are
 * @returns a gateway, listening
 */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { registryUrl, tokenServerUrl } = options;
  const metrics = createMetrics();
  const notifications = new Counter({
    name: "registry_notifications_total",
    help: "Events",
    labelNames: ["action"],
    registers: [metrics.registry],
  });
  const upstream = (url: string, name: string, passUnauthorized: boolean) =>
    forwarder({ url, name, passUnauthorized, idleSeconds: 60 }, SILENT);
  const db = options.db ?? DATABASE_AWAY;
  const routes = gatewayRoutes({
    db,
    uploads: uploadSessions(db, UPLOAD_CAP_SECONDS, SILENT),
    log: SILENT,
    metrics,
    notifications,
    verifier: tokenVerifier({
      jwksUrl: new URL(`${tokenServerUrl}/.well-known/jwks.json`),
      issuer: ISSUER,
      audience: SERVICE,
      leewaySeconds: 60,
    }),
    authorization: readableAuthorization,
    upstream: registryUpstream(registryUrl, readableAuthorization),
    forward: upstream(registryUrl, "the registry", false),
    forwardToTokenServer: upstream(tokenServerUrl, "the token server", true),
    publicUrl: options.publicUrl ?? null,
    service: SERVICE,
    trustedProxies: options.trustedProxies ?? [],
    secret: new Secret(NOTIFICATION_SECRET),
    migrated: () => true,
    newReservation: randomUUID,
    now: Date.now,
    pause,
    count: () => undefined,
  });
  const timing = { drainSeconds: 0, idleSeconds: 60 };
  const listener = httpListener(
    { name: "public", host: "127.0.0.1", port: 0, ...timing },
    routes,
    SILENT,
  );
  await listener.start();
  const { port } = listener.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    metrics: () => metrics.registry.metrics(),
    stop: () => listener.stop(),
  };
}

const DATABASE_AWAY: Database = {
  query: () => Promise.reject(new Fault("UNAVAILABLE")),
  transaction: () => Promise.reject(new Fault("UNAVAILABLE")),
  close: () => Promise.resolve(),
};

/** Says in the open what a signed token would say, so that tests can read it at the registry. */
const readableAuthorization: Parameters<typeof registryUpstream>[1] = (subject, access) =>
  `Bearer ${subject} ${access.map(formatScope).join(" ")}`;
