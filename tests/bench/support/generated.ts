import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import type { TestPostgres } from "#tests/support/postgres.js";

/** Repositories whose content follows from their number, so that nothing of it has to be kept. */
export interface Shape {
  readonly repositories: number;
  /** Tags in each of them. */
  readonly tags: number;
}

/** @returns name of a generated repository, from 0 */
export function repositoryName(index: number): string {
  return `team-${String(index % 40).padStart(2, "0")}/app-${String(index).padStart(4, "0")}`;
}

/** @returns name of a generated tag, from 0 */
export function tagName(index: number): string {
  return `v${String(index).padStart(6, "0")}`;
}

/** @returns what a generated tag means, in the ledger and at the registry */
export function digestOfTag(repository: string, tag: string): Digest {
  return digestOf(Buffer.from(`${repository}:${tag}`));
}

/** So that no statement takes longer than it may, on whatever machine. */
const REPOSITORIES_AT_ONCE = 50;

/** The same names and digests in SQL, of repositories from $1 to $2; each tag has its manifest and its audit entry. */
const FILL = [
  `create temp table made as
   select repository, name, 'sha256:' || encode(sha256(convert_to(repository || ':' || name, 'UTF8')), 'hex') as digest,
          now() - interval '1 day' + serial * interval '1 millisecond' as at, serial
   from (select 'team-' || to_char(r % 40, 'FM00') || '/app-' || to_char(r, 'FM0000') as repository,
                'v' || to_char(t, 'FM000000') as name,
                $1::bigint * $3 + row_number() over () as serial
         from generate_series($1::int, $2::int - 1) as r, generate_series(0, $3::int - 1) as t) as named`,
  `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
   select repository, name, digest, 'alice', at from made order by serial`,
  `insert into ledger.manifest (repository, digest, media_type, content, linked_at)
   select repository, digest, 'application/vnd.oci.image.manifest.v1+json', convert_to(repeat('x', 400), 'UTF8'), at
   from made order by serial`,
  `insert into ledger.manifest_facts (repository, digest, image) select repository, digest, digest from made order by serial`,
  "insert into ledger.repository (name) select distinct repository from made on conflict do nothing",
  // Positions far up: the chains of what is pushed later begin at 1.
  `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
   select serial % 16, 1000000000 + serial, at, 'tag.pushed', repository,
          json_build_object('at', at, 'repository', repository, 'tag', name, 'digest', digest, 'reason', 'stored'),
          sha256('a'), sha256('b')
   from made order by serial`,
  "drop table made",
];

/** What is filled; their other indexes than those of a constraint are made when everything is in. */
const FILLED = ["ledger.tag", "ledger.manifest", "ledger.manifest_facts", "audit.entry"];

/**
 * @param postgres - a running Postgres
 * @param shape - what the ledger holds
 * @returns a ledger full of generated tags, with its statistics up to date
 */
export async function generateLedger(
  postgres: TestPostgres,
  { repositories, tags }: Shape,
): Promise<TestLedger> {
  const ledger = await createLedger(postgres);
  await runExclusively(ledger.config, "discovery", SILENT, async (session) => {
    await session.query("set statement_timeout = 0");
    await session.query("set maintenance_work_mem = '512MB'");
    // What triggers would do row by row is done in one piece, but for the totals of repositories, which are read elsewhere.
    await session.query("set session_replication_role = replica");
    await withoutIndexes(session, async () => {
      for (let from = 0; from < repositories; from += REPOSITORIES_AT_ONCE) {
        const to = Math.min(from + REPOSITORIES_AT_ONCE, repositories);
        for (const [index, statement] of FILL.entries())
          await session.query(statement, index === 0 ? [from, to, tags] : []);
      }
    });
    await session.query("set session_replication_role = origin");
    await session.query("vacuum analyze");
    // Else those who read later write out what was filled in here.
    await session.query("checkpoint");
  });
  return ledger;
}

async function withoutIndexes(session: Queryable, fill: () => Promise<void>): Promise<void> {
  const { rows } = await session.query<{ name: string; definition: string }>(
    `select index.indexrelid::regclass::text as name, pg_get_indexdef(index.indexrelid) as definition
     from pg_index as index
     where index.indrelid = any($1::text[]::regclass[]) and not index.indisunique`,
    [FILLED],
  );
  for (const { name } of rows) await session.query(`drop index ${name}`);
  await fill();
  for (const { definition } of rows) await session.query(definition);
}
