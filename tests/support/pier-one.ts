import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { startTestPostgres } from "./postgres.js";
import { temporaryFolder } from "./temporary-folder.js";

/** An image as Docker pushes it. */
export interface PierOneImage {
  /** The bytes that are pushed. */
  readonly content: string;
  readonly digest: Digest;
  /** Configuration and layers. */
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

/** How a tag was pushed. */
export interface PierOnePush {
  /** Absent: olga. */
  readonly by?: string | null;
  /** In UTC, without a zone, as its columns are. */
  readonly at?: string;
  /** Source in the header of the push. */
  readonly source?: PierOneSource;
  /** Whether its digest is noted; absent: it is. */
  readonly noted?: boolean;
}

/** As Pier One has it, and when it got it. */
export interface PierOneSource {
  readonly url: string;
  readonly revision: string;
  readonly author: string;
  readonly status: string;
  readonly at: string;
}

/** What a Pier One leaves behind: its database and its storage. */
export interface LeftPierOne {
  /** Address of the database. */
  readonly dsn: string;
  readonly storage: string;
  readonly db: pg.Pool;
  /** Does what Pier One does when an image is pushed. */
  push(name: string, image: PierOneImage, how?: PierOnePush): Promise<void>;
  /** What it does when a layer with a file `scm-source.json` comes. */
  noteSource(blob: Digest, source: PierOneSource): Promise<void>;
  /** What was pushed by Docker's first registry protocol. */
  pushFirst(name: string): Promise<void>;
  lose(blob: Digest): Promise<void>;
  stop(): Promise<void>;
}

/** What of the schema is read by others, by its names; there is more of it. */
const SCHEMA = `
  create schema zp_data;
  create table zp_data.images (i_id text primary key, i_metadata text not null, i_accepted boolean not null,
    i_parent_id text, i_created timestamp not null default now(), i_created_by text, i_size bigint);
  create table zp_data.scm_source_data (ssd_image_id text primary key references zp_data.images, ssd_url text not null,
    ssd_revision text not null, ssd_author text not null, ssd_status text not null, ssd_created timestamp not null default now());
  create table zp_data.tags (t_team text, t_artifact text, t_name text, t_image_id text not null references zp_data.images,
    t_created timestamp not null default now(), t_created_by text, t_manifest text, t_fs_layers text[],
    t_severity_fix_available text, t_severity_no_fix_available text, t_clair_id text, t_content_digest text,
    primary key (t_team, t_artifact, t_name));
  create table zp_data.scm_source_data_by_tag (ssdbt_team text, ssdbt_artifact text, ssdbt_name text, ssdbt_url text not null,
    ssdbt_revision text not null, ssdbt_author text not null, ssdbt_status text not null, ssdbt_created timestamp not null default now(),
    primary key (ssdbt_team, ssdbt_artifact, ssdbt_name),
    foreign key (ssdbt_team, ssdbt_artifact, ssdbt_name) references zp_data.tags)`;

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/**
 * @param layers - bytes of each, or how many; absent: one small one
 * @param configType - absent: as Docker has it since 1.13
 * @returns an image that is like no other
 */
export function pierOneImage(
  layers: readonly (Buffer | number)[] = [64],
  configType = CONFIG,
): PierOneImage {
  const bytes = layers.map((layer) => (typeof layer === "number" ? randomBytes(layer) : layer));
  const diffs = bytes.map((layer) => digestOf(layer));
  const rootfs = { type: "layers", diff_ids: diffs };
  const made = { architecture: "amd64", os: "linux", made: randomBytes(8).toString("hex"), rootfs };
  const config = Buffer.from(JSON.stringify(made));
  const described = (mediaType: string, blob: Buffer) => ({
    ...{ mediaType, size: blob.length, digest: digestOf(blob) },
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER,
    config: described(configType, config),
    layers: bytes.map((layer) => described(LAYER, layer)),
  };
  const content = JSON.stringify(manifest, null, 3);
  const blobs = new Map([config, ...bytes].map((blob) => [digestOf(blob), blob]));
  return { content, digest: digestOf(Buffer.from(content)), blobs };
}

/** @returns one without tags */
export async function leftPierOne(): Promise<LeftPierOne> {
  const postgres = await startTestPostgres();
  const { host, port, user, password, database } = await postgres.createDatabase();
  const folder = await temporaryFolder();
  const storage = join(folder.path, "pierone");
  await mkdir(storage);
  const dsn = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  const db = new pg.Pool({ connectionString: dsn, max: 2 });
  // A connection that is being closed may hear that its database is removed; the pool is told of it too.
  db.on("error", () => undefined);
  db.on("connect", (client) => client.on("error", () => undefined));
  await db.query(SCHEMA);
  return {
    ...{ dsn, storage, db },
    push: (name, image, how) => push(db, storage, name, image, how),
    noteSource: async (blob, { url, revision, author, status, at }) => {
      await db.query("insert into zp_data.scm_source_data values ($1, $2, $3, $4, $5, $6)", [
        ...[blob, url, revision, author, status, at],
      ]);
    },
    pushFirst: async (name) => {
      const id = randomBytes(32).toString("hex");
      await db.query(
        "insert into zp_data.images (i_id, i_metadata, i_accepted, i_size) values ($1, '{}', true, 7)",
        [id],
      );
      await db.query(
        "insert into zp_data.tags (t_team, t_artifact, t_name, t_image_id) values ($1, $2, $3, $4)",
        [...partsOf(name), id],
      );
    },
    lose: (blob) => rm(join(storage, blob)),
    stop: async () => {
      await db.end();
      await postgres.stop();
      await folder.remove();
    },
  };
}

async function push(
  db: pg.Pool,
  storage: string,
  name: string,
  image: PierOneImage,
  { by = "olga", at = "2016-01-30 20:33:57.123456", source, noted = true }: PierOnePush = {},
): Promise<void> {
  for (const [digest, blob] of image.blobs) {
    await db.query(
      `insert into zp_data.images (i_id, i_metadata, i_accepted, i_created_by, i_size)
       values ($1, '', true, $2, $3) on conflict do nothing`,
      [digest, by, blob.length],
    );
    await writeFile(join(storage, digest), blob);
  }
  const parts = partsOf(name);
  const blobs = [...image.blobs.keys()];
  await db.query(
    `insert into zp_data.tags (t_team, t_artifact, t_name, t_image_id, t_created, t_created_by, t_manifest, t_fs_layers, t_content_digest)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[...parts, blobs[0], at, by],
      // In another form than it came in, and than it goes out in.
      JSON.stringify(JSON.parse(image.content), null, 2),
      ...[blobs, noted ? image.digest : null],
    ],
  );
  if (source === undefined) return;
  const { url, revision, author, status } = source;
  await db.query(
    "insert into zp_data.scm_source_data_by_tag values ($1, $2, $3, $4, $5, $6, $7, $8)",
    [...parts, url, revision, author, status, source.at],
  );
}

function partsOf(name: string): [team: string, artifact: string, tag: string] {
  const [, team = "", artifact = "", tag = ""] = /^([^/]+)\/(.+):([^:]+)$/.exec(name) ?? [];
  return [team, artifact, tag];
}
