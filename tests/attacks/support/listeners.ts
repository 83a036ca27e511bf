import type { AddressInfo } from "node:net";
import { NOTIFICATION_CONNECTIONS } from "#gateway/notifications/config.js";
import { metricsListener, METRICS_CONNECTIONS } from "#service-kit/http/metrics-listener.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import { createMetrics } from "#service-kit/metrics.js";
import { startGateway } from "#tests/support/gateway.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestTokenServer } from "#tests/support/token-server.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** Connections of the two listeners whose bounds are settings: small ones, so that an attack needs few. */
const FEW = { inAll: 40, perSource: 24, isTrusted: () => false };

/** A port of the product. */
export interface AttackedListener {
  readonly name: "gateway" | "notifications" | "token server" | "metrics";
  readonly port: number;
  readonly perSource: number;
  /** Target of a GET that is answered 200 to anybody, whatever else goes on. */
  readonly probe: string | null;
  /** Head of a POST whose body is waited for, so that the connection stays in use. */
  readonly waiting: string | null;
}

/** Every port, and what stands behind the gateway's. */
export interface AttackedListeners {
  readonly all: readonly AttackedListener[];
  readonly registry: UpstreamDouble;
  readonly authority: TokenAuthority;
  stop(): Promise<void>;
}

const FORM =
  "Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n";

/** @returns all listeners of the product, in this process, as its programs start them */
export async function startListeners(): Promise<AttackedListeners> {
  const authority = await startTokenAuthority();
  const registry = await startUpstream();
  const tokenServer = await startTestTokenServer();
  const gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    connections: FEW,
  });
  const metrics = createMetrics();
  const fixed = { host: "127.0.0.1", port: 0, drainSeconds: 0, idleSeconds: 60 };
  const tokens = httpListener(
    { name: "public", ...fixed, connections: FEW, isEssential: isProbe },
    tokenServer.app,
    { log: SILENT, metrics },
  );
  const shown = metricsListener({ host: "127.0.0.1", port: 0 }, metrics, SILENT);
  await tokens.start();
  await shown.start();
  const portOf = ({ server }: typeof tokens) => (server.address() as AddressInfo).port;
  const waiting = `POST /token HTTP/1.1\r\n${FORM}`;
  return {
    all: [
      {
        ...{ name: "gateway", port: gateway.port, perSource: FEW.perSource },
        ...{ probe: "/.well-known/health", waiting },
      },
      {
        ...{ name: "token server", port: portOf(tokens), perSource: FEW.perSource },
        ...{ probe: "/.well-known/health", waiting },
      },
      {
        ...{ name: "notifications", port: gateway.hooks.port, waiting: null, probe: null },
        perSource: NOTIFICATION_CONNECTIONS.perSource,
      },
      {
        ...{ name: "metrics", port: portOf(shown), waiting: null, probe: "/metrics" },
        perSource: METRICS_CONNECTIONS.perSource,
      },
    ],
    ...{ registry, authority },
    stop: async () => {
      await Promise.all([shown.stop(), tokens.stop(), gateway.stop()]);
      await Promise.all([tokenServer.stop(), registry.stop(), authority.server.stop()]);
    },
  };
}
