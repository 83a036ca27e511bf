import { expect, test } from "@jest/globals";
import { readReferrerPage } from "#gateway/referrers/sql/referrers.js";
import type { Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

const REFERRERS = 1_000;
const AT_ONCE = 100;
/** Of the referrer, its manifest and what is known to be lost of it; reading all manifests for each takes 60 and more. */
const MOST_BLOCKS_EACH = 12;
const SUBJECT = `sha256:${"a".repeat(64)}` as Digest;
const repository = parseRepositoryName("alpha/referred");

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

test.each([
  ["before Postgres has looked at the tables", false],
  ["after that", true],
])("each of a thousand referrers is looked up by an index, %s", async (_when, isAnalyzed) => {
  await writeReferrers();
  if (isAnalyzed) await ledger.db.query("analyze");
  let blocks = Infinity;
  const explaining: Queryable = {
    query: async (sql, values) => {
      const asked = `explain (analyze, buffers, format json) ${sql}`;
      const { rows } = await ledger.db.query<{ "QUERY PLAN": Explained }>(asked, values);
      blocks = rows[0]?.["QUERY PLAN"][0].Plan["Shared Hit Blocks"] ?? Infinity;
      return { rows: [], rowCount: 0 };
    },
  };
  const query = { repository, subject: SUBJECT, artifactType: null, after: null };
  await readReferrerPage(explaining, { ...query, limit: REFERRERS, bytes: 4_000_000 });
  expect(blocks / REFERRERS).toBeLessThan(MOST_BLOCKS_EACH);
});

type Explained = [{ Plan: { "Shared Hit Blocks": number } }];

/** By some at a time: while both cores are busy with something else, all of them take longer than one statement may. */
async function writeReferrers(): Promise<void> {
  for (let from = 1; from <= REFERRERS; from += AT_ONCE)
    await ledger.db.query(
      `with made as (
         select convert_to(json_build_object('number', number)::text, 'UTF8') as content
         from generate_series($2::int, $3::int) as number
       ), stored as (
         insert into ledger.manifest (repository, digest, media_type, content, parsed_at)
         select $1, 'sha256:' || encode(sha256(content), 'hex'), 'application/vnd.oci.image.manifest.v1+json', content, now()
         from made returning repository, digest
       )
       insert into ledger.manifest_link (repository, digest, subject)
       select repository, digest, ledger.digest_bytes($4) from stored`,
      [repository, from, from + AT_ONCE - 1, SUBJECT],
    );
}
