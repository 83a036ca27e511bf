import { describe, expect, test } from "@jest/globals";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const MANIFESTS = 2_000;
/** More than Postgres plans a prepared statement for its values: what it does for all of them counts. */
const PUSHES = 20;
/** Rows of all tables that are read for one push, however many there are. */
const MOST_ROWS = 30;

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

describe("a push to a repository of thousands of manifests", () => {
  test.each(["without statistics", "with statistics"])(
    "reads no more rows than one to an empty repository (%s)",
    async (statistics) => {
      const filling = openDatabase(ledger.config, { name: "filling", connections: 1 }, SILENT);
      await fill(filling);
      // A connection counts what it has done at its end: what filled the repository is no push's.
      await filling.close();
      await eventually("it is filled", async () => (await counted()).stored >= MANIFESTS);
      if (statistics === "with statistics") await ledger.db.query("analyze ledger.manifest");
      await ledger.db.query("select pg_stat_reset()");
      const own = openDatabase(ledger.config, { name: "pushes", connections: 2 }, SILENT);
      for (let i = 0; i < PUSHES; i += 1)
        await pushTag(pushDeps(own), tagPush(`manifest ${i}`, { tag: `1.${i}` }), {
          send: () => Promise.resolve({ status: 201 }),
          currentDigest: () => Promise.resolve(null),
        });
      await own.close();
      await eventually("all is counted", async () => (await counted()).stored >= PUSHES);
      expect((await counted()).read / PUSHES).toBeLessThan(MOST_ROWS);
    },
  );
});

async function fill(db: Database): Promise<void> {
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content, linked_at)
     select 'alpha/app', 'sha256:' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex'),
            'application/vnd.oci.image.manifest.v1+json', 'x', now()
     from generate_series(1, $1::int) as n`,
    [MANIFESTS],
  );
}

async function counted(): Promise<{ readonly read: number; readonly stored: number }> {
  const { rows } = await ledger.db.query<{ read: number; stored: number }>(
    `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as read,
            coalesce(sum(n_tup_ins) filter (where relname = 'manifest'), 0)::int as stored
     from pg_stat_user_tables where schemaname in ('ledger', 'audit')`,
  );
  return rows[0] ?? { read: 0, stored: 0 };
}
