import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import type { Sink } from "#gateway/events/sink.js";
import { gatewayMetrics, type GatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import { openNotificationWorker } from "#gateway/wiring/notifications.js";
import { openRepair } from "#gateway/wiring/repair.js";
import type { NotificationWorker } from "#gateway/notifications/notification-worker.js";
import { ownRequestMark } from "#gateway/upstream/own-requests.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { Secret } from "#service-kit/secret.js";
import { NOTIFICATION_SECRET, startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import type { TestRegistry } from "#tests/support/registry.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { CONFIG, IMAGE_TYPE, INDEX_TYPE, type TestManifest } from "../../tags/support/manifests.js";
import { startDeletingRegistry } from "../../tags/support/registry.js";
import { uploadBlob } from "../../tags/support/blobs.js";

export const REPOSITORY = "alpha/app";

/** A gateway in front of a stock registry that reports to it. */
export interface Reporting {
  readonly registry: TestRegistry;
  readonly gateway: TestGateway;
  readonly ledger: TestLedger;
  readonly authority: TokenAuthority;
  readonly metrics: GatewayMetrics;
  readonly worker: NotificationWorker;
  /** The way from the registry to the gateway's webhook. */
  readonly way: TcpRelay;
  /** Pushes through the gateway. */
  push(manifest: TestManifest, tag: string): Promise<Answer>;
  /** Pushes past the gateway. */
  pushPast(manifest: TestManifest, tag: string): Promise<Answer>;
  /** Reads a manifest through the gateway. */
  read(reference: string, options?: { method?: string; userAgent?: string }): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * @param postgres - a running Postgres
 * @param file - the registry's program
 * @param sinks - who wants to know of what happens
 * @returns everything, running
 */
export async function startReporting(
  postgres: TestPostgres,
  file: string,
  sinks: readonly Sink[],
): Promise<Reporting> {
  const ledger = await createLedger(postgres);
  const db = ledger.open();
  const authority = await startTokenAuthority();
  // The registry is told of the webhook before the gateway has a port.
  let hookPort = 9;
  const way = await startRelay(() => hookPort);
  const secret = NOTIFICATION_SECRET;
  const registry = await startDeletingRegistry(file, {
    url: `http://127.0.0.1:${way.port}/hooks/registry`,
    secret,
  });
  const userAgentMark = ownRequestMark(new Secret(secret));
  const metrics = gatewayMetrics();
  const authorization = () => "Bearer of tests";
  const audit = announcing(recordAudit, sinks, () => undefined);
  const upstream = registryUpstream(registry.url, authorization, undefined, userAgentMark);
  const worker = openNotificationWorker(
    false,
    {
      ...{ db, log: SILENT, metrics, audit, policy: PIER_ONE_TAGS, registry: { upstream } },
      discovery: { repair: openRepair({ db, log: SILENT, audit, upstream, bounds: BOUNDS }) },
      events: { sinks, wake: () => undefined },
    },
    50,
  );
  const gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    db,
    audit,
    sinks,
    userAgentMark,
    notified: worker.wake,
  });
  hookPort = gateway.hooks.port;
  await worker.start();
  await uploadBlob(registry.url, Buffer.from(CONFIG));
  const put = (url: string, { text, mediaType }: TestManifest, tag: string, bearer: string) =>
    ask(url, `/v2/${REPOSITORY}/manifests/${tag}`, {
      method: "PUT",
      headers: { Authorization: bearer, "Content-Type": mediaType },
      body: text,
    });
  return {
    ...{ registry, gateway, ledger, authority, metrics, worker, way },
    push: async (manifest, tag) =>
      put(gateway.url, manifest, tag, await authority.bearer(["pull", "push"])),
    pushPast: (manifest, tag) => put(registry.url, manifest, tag, ""),
    read: async (reference, { method = "GET", userAgent = "docker/28" } = {}) => {
      const Authorization = await authority.bearer(["pull"]);
      const headers = {
        Authorization,
        "User-Agent": userAgent,
        Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}`,
      };
      return ask(gateway.url, `/v2/${REPOSITORY}/manifests/${reference}`, { method, headers });
    },
    stop: async () => {
      await registry.stop();
      await way.cut();
      await gateway.stop();
      await worker.stop();
      await authority.server.stop();
      await ledger.close();
    },
  };
}
