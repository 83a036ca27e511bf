import { createServer } from "node:http";
import { compilePolicy } from "#access-policy/compile.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { Database } from "#service-kit/db/pool.js";
import { startGateway, type TestGateway, type TestGatewayOptions } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { manifestRegistry, type ManifestRegistry } from "#tests/support/manifest-registry.js";
import { listening } from "#tests/support/test-server.js";
import { startTestTokenServer, type TestTokenServerOptions } from "#tests/support/token-server.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** Everybody may pull all but what is `hidden`, and whoever is in a team push to what is its; bob administers. */
const POLICY = compilePolicy([
  {
    id: "hidden",
    effect: "deny",
    actions: ["pull"],
    repositories: ["hidden/**"],
    who: { kinds: ["anonymous", "oauth2"] },
  },
  {
    id: "public",
    effect: "allow",
    actions: ["pull"],
    repositories: ["public/**"],
    who: { kinds: ["anonymous"] },
  },
  { id: "all", effect: "allow", actions: ["pull"], repositories: ["**"], who: "logged-in" },
  {
    id: "own",
    effect: "allow",
    actions: ["push", "manage"],
    repositories: ["${team}/**"],
    who: "logged-in",
  },
]);

/** How somebody asks. */
export interface AskedAs {
  /** Access token; `null`: nobody in particular. */
  readonly token?: string | null;
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway with its token server, and a registry that holds nothing at first. */
export interface RestStack {
  readonly gateway: TestGateway;
  readonly ledger: StartedLedger;
  /** The token server has a database of its own here. */
  readonly tokenServerDb: Database;
  /** Tells the token server where the gateway of its own registry is, and that others there are. */
  readonly nameGateway: () => Promise<void>;
  /** Where another gateway finds both. */
  readonly registryUrl: string;
  readonly tokenServerUrl: string;
  /** What the registry has, and what it was asked. */
  readonly registry: Pick<ManifestRegistry, "write" | "blobs"> & Pick<UpstreamDouble, "seen">;
  /** Asks below `/api/v1`, as alice if nothing is said. */
  readonly rest: (path: string, asked?: AskedAs) => Promise<Answer>;
  /** Puts on record what both have counted. */
  flushTallies(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param options - what of the gateway is not the default
 * @param logins - what of the token server is not
 * @returns the stack; alice is in team alpha, bob in beta, which administers
 */
export async function startRestStack(
  options: Partial<TestGatewayOptions> = {},
  logins: Partial<TestTokenServerOptions> = {},
): Promise<RestStack> {
  const ledger = await startLedger();
  const tokenServer = await startTestTokenServer({
    allowPublicRead: true,
    policy: { current: () => POLICY },
    ...logins,
  });
  const front = await listening(createServer(tokenServer.app));
  const held = manifestRegistry();
  const registry = await startUpstream(held.handler);
  const gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: front.url,
    db: ledger.open(),
    hears: ledger.config,
    ...options,
  });
  return {
    gateway,
    ledger,
    tokenServerDb: tokenServer.db,
    nameGateway: async () => {
      await tokenServer.db.query("update token_server.registry set url = $1 where is_own", [
        gateway.url,
      ]);
      await tokenServer.registries.refresh();
    },
    ...{ registryUrl: registry.url, tokenServerUrl: front.url },
    registry: {
      ...{ write: (...manifest) => held.write(...manifest), blobs: held.blobs },
      seen: registry.seen,
    },
    rest: (path, { token = "alice-token", method = "GET", body, headers = {} } = {}) =>
      ask(gateway.url, `/api/v1${path}`, {
        method,
        headers: {
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
          ...(method === "POST" || body !== undefined
            ? { "Content-Type": "application/json" }
            : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    flushTallies: async () => {
      await gateway.flushTally();
      await tokenServer.tally.flush();
    },
    stop: async () => {
      await gateway.stop();
      await front.stop();
      await registry.stop();
      await tokenServer.stop();
      await ledger.stop();
    },
  };
}

/**
 * @param content - what an image is made of
 * @returns its manifest
 */
export function imageManifest(content: string): string {
  const blob = (of: string, size: number) => ({ digest: digestOf(Buffer.from(of)), size });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...blob(`config of ${content}`, 100),
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        ...blob(`layer of ${content}`, 1_000),
      },
    ],
  });
}

/**
 * @param ledger - where it is put
 * @param repository - a repository
 * @param tag - a tag in it
 * @param content - what the image is made of
 * @returns its digest; the ledger has it as if alice had pushed it
 */
export async function putImage(
  { db }: Pick<StartedLedger, "db">,
  repository: string,
  tag: string,
  content: string,
): Promise<string> {
  const manifest = imageManifest(content);
  const digest = digestOf(Buffer.from(manifest));
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     values ($1, $2, 'application/vnd.oci.image.manifest.v1+json', $3) on conflict do nothing`,
    [repository, digest, Buffer.from(manifest)],
  );
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', '2026-11-20T12:00:00Z')`,
    [repository, tag, digest],
  );
  return digest;
}

/**
 * @param ledger - where it is put
 * @param repository - a repository
 * @param content - what an image is made of
 * @returns digest of another image, which has a layer more, and no tag and no size
 */
export async function putBuiltOn(
  { db }: Pick<StartedLedger, "db">,
  repository: string,
  content: string,
): Promise<string> {
  const base = JSON.parse(imageManifest(content)) as { config: object; layers: object[] };
  const [layer] = base.layers;
  const digestOfTop = digestOf(Buffer.from(`built on ${content}`));
  const layers = [
    { ...layer, size: 0 },
    { ...layer, size: 0, digest: digestOfTop },
  ];
  const manifest = JSON.stringify({ ...base, config: { ...base.config, size: 0 }, layers });
  const digest = digestOf(Buffer.from(manifest));
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     values ($1, $2, 'application/vnd.oci.image.manifest.v1+json', $3) on conflict do nothing`,
    [repository, digest, Buffer.from(manifest)],
  );
  return digest;
}

/** @returns the JSON of an answer */
export const jsonOf = ({ body }: Pick<Answer, "body">): unknown => JSON.parse(body.toString());
