import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

/** How large a generated catalog is. */
export interface CatalogShape {
  readonly repositories: number;
  /** Tags of each of them. */
  readonly tags: number;
  /** Tags of one more, by itself. */
  readonly large: number;
}

/** The repository with many tags. */
export const LARGE = "team-000/large";
/** What a tag of every repository means. */
export const EVERYWHERE = digestOf(Buffer.from("everywhere"));
const TEAMS = 400;
const WORDS = ["app", "service", "web", "api", "worker", "proxy", "batch", "job"] as const;
const AT_ONCE = 5_000;

/** @returns name of a generated repository, from 0 */
export function repositoryAt(index: number): string {
  const team = String(index % TEAMS).padStart(3, "0");
  return `team-${team}/${WORDS[index % WORDS.length]}-${String(index).padStart(5, "0")}`;
}

/** @returns digest of a generated tag */
export function digestAt(repository: number, tag: number): Digest {
  return digestOf(Buffer.from(`${repository}:${tag}`));
}

const NAME = `'team-' || to_char(r % ${TEAMS}, 'FM000') || '/' || (array[${WORDS.map((word) => `'${word}'`).join(", ")}])[r % ${WORDS.length} + 1]
  || '-' || to_char(r, 'FM00000')`;

/** Of repositories from $1 to $2, with $3 tags each. */
const MADE = `create temp table made as
  select ${NAME} as repository, t % 20 || '.' || t / 20 || '.' || r % 30 as name,
    'sha256:' || encode(sha256(convert_to(r || ':' || t, 'UTF8')), 'hex') as digest,
    now() - interval '1 day' * (r % 700) - interval '1 minute' * t as at, r, t
  from generate_series($1::int, $2::int - 1) as r, generate_series(0, $3::int - 1) as t`;
const MADE_LARGE = `create temp table made as
  select '${LARGE}' as repository, t % 20 || '.' || t / 20 || '.0' as name,
    'sha256:' || encode(sha256(convert_to('large:' || t, 'UTF8')), 'hex') as digest,
    now() - interval '1 second' * t as at, -1 as r, t
  from generate_series(0, $1::int - 1) as t`;
const FILL = [
  `insert into ledger.repository (name) select distinct repository from made on conflict do nothing`,
  `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
   select repository, name, digest, 'alice', at from made`,
  `insert into ledger.manifest (repository, digest, media_type, content, linked_at)
   select repository, digest, 'application/vnd.oci.image.manifest.v1+json', '{}', at from made`,
  `insert into ledger.manifest_facts (repository, digest, image, size)
   select repository, digest, digest, 1000000 + t from made`,
  `insert into ledger.pull_total (repository, tag, count, last_at)
   select repository, name, 1 + (power(random(), 12) * 1000000)::bigint, now() - interval '1 hour' * random() * 1000
   from made where t % 4 = 0`,
  `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
   select (r + t) & 15, 1000000000 + (r + 2)::bigint * 1000000 + t, at, case when t % 100 = 9 then 'tag.refused' else 'tag.pushed' end, repository,
     replace(json_build_object('at', at, 'action', 'tag.pushed', 'repository', repository, 'tag', name, 'digest', digest,
       'actor', json_build_object('uid', case when r % 2 = 0 then 'alice' else 'bob' end, 'realm', '', 'kind', 'oauth2', 'address', '', 'userAgent', '', 'requestId', ''),
       'reason', 'stored', 'detail', '{}'::json)::text, '" : ', '":'), sha256('a'), sha256('b')
   from made`,
  "drop table made",
];

/** What there is besides, once. */
const BESIDES = [
  `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
   select name, 'everywhere', '${EVERYWHERE}', 'alice', now() from ledger.repository`,
  `update ledger.tag set drift_digest = 'sha256:a', drift_since = now() where name like '3.0.%'`,
  `with image as (
     insert into ledger.image_layers (repository, digest, layers, whole)
     select repository, digest, 1 + (place > 1)::int, names[1 + (place > 1)::int]
     from (select *, row_number() over (order by repository) as place from ledger.manifest_facts limit 1000) as facts
       cross join lateral ledger.layer_names(jsonb_build_object('config', '{}'::jsonb, 'layers', jsonb_build_array(
         jsonb_build_object('digest', 'common'), jsonb_build_object('digest', 'top-' || place)))) as names
     returning id, layers
   )
   insert into ledger.image_part (part, image)
   select (ledger.layer_names('{"config":{},"layers":[{"digest":"common"}]}'))[1], id from image where layers > 1`,
  `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
   select i & 15, 2000000000 + i, now() - i * interval '1 hour', 'tag.pushed', null,
     '{"action":"tag.pushed","actor":{"uid":"carol"}}', sha256('a'), sha256('b') from generate_series(1, 200) as i`,
];

/**
 * Without triggers, which would take an hour; what they keep is filled in as for a database from before them.
 *
 * @param postgres - a running Postgres
 * @param shape - how much there is
 * @returns a ledger with it, its statistics up to date
 */
export async function generateCatalog(
  postgres: TestPostgres,
  { repositories, tags, large }: CatalogShape,
): Promise<TestLedger> {
  const ledger = await createLedger(postgres);
  await runExclusively(ledger.config, "discovery", SILENT, async (session) => {
    await session.query("set session_replication_role = replica");
    await session.query("set statement_timeout = 0");
    const made: [string, readonly unknown[]][] = [[MADE_LARGE, [large]]];
    for (let from = 0; from < repositories; from += AT_ONCE)
      made.push([MADE, [from, Math.min(from + AT_ONCE, repositories), tags]]);
    for (const [statement, values] of made) {
      await session.query(statement, values);
      for (const fill of FILL) await session.query(fill);
    }
    for (const statement of BESIDES) await session.query(statement);
    const totals = join(REPOSITORY_ROOT, "gateway/sql/000181_earlier_totals.sql");
    for (const statement of readFileSync(totals, "utf8").split(/;\n/))
      if (statement.trim() !== "") await session.query(statement);
    await session.query("vacuum analyze");
    await session.query("checkpoint");
  });
  return ledger;
}
