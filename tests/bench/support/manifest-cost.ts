import { createHash } from "node:crypto";
import { pushTag } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";

/** What one push of a manifest left behind. */
export interface ManifestCost {
  /** Bytes of the manifest. */
  readonly sent: number;
  /** Bytes by which all tables of the ledger and the audit log grew, indexes included. */
  readonly tables: number;
  readonly wal: number;
  /** From the reservation to the end of the commit; the registry takes no time here. */
  readonly milliseconds: number;
}

/**
 * @param layers - how many layers; each has its own digest, and an address as foreign layers have
 * @param urlBytes - length of that address; 0: none
 * @returns an image manifest
 */
export function imageManifest(layers: number, urlBytes = 0): string {
  const address = `https://example.org/${"x".repeat(Math.max(urlBytes - 20, 0))}`;
  const more = urlBytes === 0 ? {} : { urls: [address] };
  const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
  return JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", size: 1, digest: hash("c") },
    layers: numbered(layers, (i) => ({ mediaType, size: 1, digest: hash(`layer ${i}`), ...more })),
  });
}

/** @returns an index with this many children */
export function indexManifest(children: number): string {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifests = numbered(children, (i) => ({ mediaType, size: 1, digest: hash(`child ${i}`) }));
  return JSON.stringify({ schemaVersion: 2, manifests });
}

/** Pushes a manifest under a tag and measures what that costs the database. */
export async function pushCost(
  db: Database,
  content: string,
  tag: string,
  repository = "alpha/app",
): Promise<ManifestCost> {
  const push = tagPush(content, { tag, repository });
  const cost = await costOf(db, async () => {
    await pushTag(pushDeps(db), push, {
      send: () => Promise.resolve({ status: 201 }),
      currentDigest: () => Promise.resolve(null),
    });
  });
  return { sent: Buffer.byteLength(content), ...cost };
}

/** @returns what some work costs the database; whatever was written before is settled first */
export async function costOf(
  db: Database,
  work: () => Promise<unknown>,
): Promise<Omit<ManifestCost, "sent">> {
  await db.query("vacuum analyze");
  await db.query("checkpoint");
  const before = await sizes(db);
  const since = performance.now();
  await work();
  const milliseconds = performance.now() - since;
  const after = await sizes(db);
  const [tables, wal] = [after.tables - before.tables, after.wal - before.wal];
  return { tables, wal, milliseconds };
}

async function sizes(db: Database): Promise<{ tables: number; wal: number }> {
  const { rows } = await db.query<{ tables: string; wal: string }>(
    `select sum(pg_total_relation_size(oid)) as tables,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal
     from pg_class where relkind = 'r' and relnamespace in ('ledger'::regnamespace, 'audit'::regnamespace)`,
  );
  return { tables: Number(rows[0]?.tables), wal: Number(rows[0]?.wal) };
}

function numbered<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_one, index) => make(index));
}

function hash(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
