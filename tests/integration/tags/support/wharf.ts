import type { AuditEntry } from "#audit-log/entry.js";
import { compileTagPolicy, type TagRuleSpec } from "#tag-policy/tag-policy.js";
import type { Action } from "#registry-protocol/scope.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway, type TestGatewayOptions } from "#tests/support/gateway.js";
import { ask, type Answer, type AskOptions } from "#tests/support/http-client.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import type { TestRegistry } from "#tests/support/registry.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { uploadBlob } from "./blobs.js";
import { CONFIG, IMAGE_TYPE, INDEX_TYPE, REPOSITORY, type TestManifest } from "./manifests.js";
import { startDeletingRegistry } from "./registry.js";

export { REPOSITORY };

/** Two gateways, with deletion on, in front of one stock registry. */
export interface Wharf {
  readonly registry: TestRegistry;
  readonly gateways: readonly [TestGateway, TestGateway];
  readonly postgres: TestPostgres;
  readonly ledger: TestLedger;
  readonly authority: TokenAuthority;
  readonly db: Database;
  /** Each gateway's way to the ledger. */
  readonly ways: readonly [TcpRelay, TcpRelay];
  /** All of them. */
  readonly database: Pick<TcpRelay, "cut" | "mend" | "hold" | "release">;
  /** Mends every way that was cut; resolves when both gateways hear again. */
  mend(): Promise<void>;
  /** Asks the first gateway with a token that grants these actions. */
  ask(actions: readonly Action[], target: string, options?: AskOptions): Promise<Answer>;
  /** Pushes with a token to push, by tag or, without one, by digest. */
  push(manifest: TestManifest, tag?: string, gateway?: TestGateway): Promise<Answer>;
  /** Deletes with a token to delete. */
  remove(reference: string, gateway?: TestGateway): Promise<Answer>;
  /** @returns what `GET /api/v1/repositories/…` says of a tag */
  describe(tag: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** @returns the tags that are listed */
  list(): Promise<unknown>;
  /** @returns status of a manifest at the registry itself */
  atRegistry(reference: string): Promise<number>;
  /** Writes a manifest past every gateway. */
  writeAtRegistry(manifest: TestManifest, reference?: string): Promise<void>;
  /** @returns what is on record, oldest first */
  audited(action: string): Promise<AuditEntry[]>;
  stop(): Promise<void>;
}

/**
 * @param file - program of the registry
 * @param rules - rules for tags besides the built-in ones
 * @param layerUrls - see {@link startDeletingRegistry}
 * @param more - what of the gateways is not the default, and whether the registry looks for what an index names
 * @returns everything, running
 */
export async function startWharf(
  file: string,
  rules: readonly TagRuleSpec[],
  layerUrls?: string,
  { looksForChildren, ...more }: Partial<TestGatewayOptions> & { looksForChildren?: boolean } = {},
): Promise<Wharf> {
  // One after the other: each picks a port that is free when it looks.
  const postgres = await startTestPostgres();
  const registry = await startDeletingRegistry(file, undefined, layerUrls, looksForChildren);
  const authority = await startTokenAuthority();
  const ledger = await createLedger(postgres);
  const db = ledger.open();
  const { port } = postgres.login;
  const ways = [await startRelay(port), await startRelay(port)] as const;
  const start = (way: TcpRelay) =>
    startGateway({
      registryUrl: registry.url,
      tokenServerUrl: authority.server.url,
      hears: { ...ledger.config, port: way.port },
      policy: compileTagPolicy(rules),
      allowDelete: true,
      ...more,
    });
  const gateways = [await start(ways[0]), await start(ways[1])] as const;
  const database = allOf(ways);
  const wharf: Wharf = {
    ...{ registry, gateways, postgres, ledger, authority, db, ways, database },
    mend: async () => {
      await Promise.all(ways.map((way) => way.mend().catch(() => undefined)));
      await eventually("both hear", async () => (await listeners(db)) === gateways.length);
    },
    ask: async (actions, target, options = {}) => {
      const headers = { ...options.headers, Authorization: await authority.bearer(actions) };
      return ask(gateways[0].url, target, { ...options, headers });
    },
    push: async ({ text, digest, mediaType }, tag, gateway = gateways[0]) => {
      const Authorization = await authority.bearer(["pull", "push"]);
      const headers = { Authorization, "Content-Type": mediaType };
      const target = `/v2/${REPOSITORY}/manifests/${tag ?? digest}`;
      return ask(gateway.url, target, { method: "PUT", headers, body: text });
    },
    remove: async (reference, gateway = gateways[0]) => {
      const headers = { Authorization: await authority.bearer(["delete"]) };
      const target = `/v2/${REPOSITORY}/manifests/${reference}`;
      return ask(gateway.url, target, { method: "DELETE", headers });
    },
    describe: async (tag) => {
      const target = `/api/v1/repositories/${REPOSITORY}/tags/${tag}`;
      const { status, body } = await wharf.ask(["pull"], target);
      return { status, body: JSON.parse(body.toString()) as Record<string, unknown> };
    },
    list: async () => {
      const { body } = await wharf.ask(["pull"], `/v2/${REPOSITORY}/tags/list`);
      return (JSON.parse(body.toString()) as { tags: unknown }).tags;
    },
    atRegistry: async (reference) => {
      const headers = { Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}` };
      return (await ask(registry.url, `/v2/${REPOSITORY}/manifests/${reference}`, { headers }))
        .status;
    },
    writeAtRegistry: async ({ text, digest, mediaType }, reference = digest) => {
      const headers = { "Content-Type": mediaType };
      const target = `/v2/${REPOSITORY}/manifests/${reference}`;
      const options = { method: "PUT", headers, body: text };
      const { status } = await ask(registry.url, target, options);
      if (status !== 201) throw new Error(`the registry answered ${status}`);
    },
    audited: async (action) => (await ledger.audited()).filter((entry) => entry.action === action),
    stop: async () => {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await authority.server.stop();
      await ledger.close();
      await database.cut();
      await Promise.all([postgres.stop(), registry.stop()]);
    },
  };
  await uploadBlob(registry.url, Buffer.from(CONFIG));
  return wharf;
}

/** The last statement of one that listens on all channels is its heartbeat. */
async function listeners(db: Database): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity
     where application_name = 'subscription' and datname = current_database()
       and query ~ 'pg_notify'`,
  );
  return rows[0]?.count ?? 0;
}

function allOf(ways: readonly TcpRelay[]): Wharf["database"] {
  return {
    cut: async () => {
      await Promise.all(ways.map((way) => way.cut()));
    },
    mend: async () => {
      await Promise.all(ways.map((way) => way.mend()));
    },
    hold: () => {
      for (const way of ways) way.hold();
    },
    release: () => {
      for (const way of ways) way.release();
    },
  };
}
