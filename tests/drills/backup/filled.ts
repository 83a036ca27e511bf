import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chainOf } from "#audit-log/chain.js";
import type { AuditEntry } from "#audit-log/entry.js";
import { withClient, type PostgresLogin } from "#local/postgres/postgres.js";
import { digestOf } from "#tests/support/registry-client.js";
import { MANIFEST_TYPE } from "#tests/chaos/client.js";

/** Where the stack that is filled has its parts. */
export interface Fillable {
  readonly dataDir: string;
  /** Of the registry, as it keeps files. */
  readonly storage: string;
  /** URL of the database. */
  readonly postgres: string;
}

interface GeneratedTag {
  readonly name: string;
  readonly content: string;
  readonly digest: string;
}

const TAGS_OF_ONE = 1_000;
const PUSHER = {
  ...{ uid: "alice", realm: "/employees", kind: "tokeninfo", address: "127.0.0.1" },
  ...{ userAgent: "drill", requestId: "drill" },
};

/** As a push leaves it: manifest, tag and the entry that tells of it. */
const FILL = [
  `insert into ledger.manifest (repository, digest, media_type, content, linked_at, checked_at)
   select $1, digest, '${MANIFEST_TYPE}', convert_to(content, 'UTF8'), clock_timestamp(), clock_timestamp()
   from unnest($2::text[], $3::text[], $4::text[]) as made (name, content, digest)`,
  `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
   select $1, name, digest, 'alice', clock_timestamp()
   from unnest($2::text[], $3::text[], $4::text[]) as made (name, content, digest)`,
];

/**
 * Makes a ledger and a storage full of images that nobody had the time to push: each has a manifest of its own; a repository's
 * share their configuration and layer.
 *
 * @param stack - a stack that runs
 * @param tags - how many, in repositories of a thousand
 */
export async function fill(stack: Fillable, tags: number): Promise<void> {
  const login = await superuser(stack);
  for (let number = 0; number * TAGS_OF_ONE < tags; number += 1) {
    const repository = repositoryName(number);
    const all = generated(repository, Math.min(TAGS_OF_ONE, tags - number * TAGS_OF_ONE));
    store(stack.storage, repository, all);
    await record(login, repository, all);
  }
  await withClient(login, (client) => client.query("vacuum analyze"));
}

/**
 * @param tags - how many a stack was filled with
 * @returns digests of some of them, by repository and tag
 */
export function someFilled(tags: number): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const repositories = Math.ceil(tags / TAGS_OF_ONE);
  const some = [0, Math.floor(repositories / 2), repositories - 1].slice(0, repositories);
  return new Map(
    some.map((number) => {
      const [first] = generated(repositoryName(number), 1);
      return [repositoryName(number), { [first?.name ?? ""]: first?.digest ?? "" }];
    }),
  );
}

function repositoryName(number: number): string {
  return `alpha/made-${String(number).padStart(4, "0")}`;
}

async function superuser({ dataDir, postgres }: Fillable): Promise<PostgresLogin> {
  const { hostname, port } = new URL(postgres);
  const password = (await readFile(join(dataDir, "secrets", "postgres"), "utf8")).trim();
  const user = "wharfinger";
  return { host: hostname, port: Number(port), user, password, database: user };
}

const configOf = (repository: string) =>
  JSON.stringify({ architecture: "amd64", os: "linux", config: { Labels: { repository } } });
const layerOf = (repository: string) => `the layer of ${repository}`;

function generated(repository: string, count: number): GeneratedTag[] {
  const described = (mediaType: string, content: string) => {
    return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
  };
  return Array.from({ length: count }, (_, number) => {
    const name = `1.${number}`;
    const content = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: described("application/vnd.oci.image.config.v1+json", configOf(repository)),
      layers: [described("application/vnd.oci.image.layer.v1.tar", layerOf(repository))],
      annotations: { "org.opencontainers.image.version": name },
    });
    return { name, content, digest: digestOf(content) };
  });
}

async function record(
  login: PostgresLogin,
  repository: string,
  tags: readonly GeneratedTag[],
): Promise<void> {
  const columns = [
    tags.map(({ name }) => name),
    tags.map(({ content }) => content),
    tags.map(({ digest }) => digest),
  ];
  const entries = tags.map(({ name, digest }, number): AuditEntry => {
    const reason = "stored by the registry";
    const detail = { change: "new", push: `drill-${number}` };
    return { action: "tag.pushed", actor: PUSHER, repository, tag: name, digest, reason, detail };
  });
  await withClient(login, async (client) => {
    await client.query("begin");
    for (const statement of FILL) await client.query(statement, [repository, ...columns]);
    await client.query(
      `select audit.append($1::int, entry, 'tag.pushed', $2) from unnest($3::text[]) as entry`,
      [chainOf(repository), repository, entries.map((entry) => JSON.stringify(entry))],
    );
    await client.query("commit");
  });
}

/** In the layout that distribution's files have, whichever version. */
function store(storage: string, repository: string, tags: readonly GeneratedTag[]): void {
  const root = join(storage, "docker", "registry", "v2");
  const own = join(root, "repositories", repository);
  const link = (folder: string, digest: string) => {
    write(join(own, folder, "link"), digest);
  };
  const blob = (content: string) => {
    const hex = hexOf(digestOf(content));
    write(join(root, "blobs", "sha256", hex.slice(0, 2), hex, "data"), content);
  };
  for (const content of [configOf(repository), layerOf(repository)]) {
    blob(content);
    link(join("_layers", "sha256", hexOf(digestOf(content))), digestOf(content));
  }
  for (const { name, content, digest } of tags) {
    blob(content);
    link(join("_manifests", "revisions", "sha256", hexOf(digest)), digest);
    link(join("_manifests", "tags", name, "current"), digest);
    link(join("_manifests", "tags", name, "index", "sha256", hexOf(digest)), digest);
  }
}

function write(file: string, content: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
}

function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}
