import { randomInt, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { recordAudit } from "#audit-log/record-audit.js";
import { countMarked } from "#gateway/drift/sql/mark-tag.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { readLatest } from "#gateway/ledger/sql/latest-tag.js";
import { readListedTags } from "#gateway/ledger/sql/listed-names.js";
import { readTagMeaning, readTagState } from "#gateway/ledger/sql/read-tag.js";
import { listExpired, reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { discoverer } from "#tests/integration/discovery/support/discoverer.js";
import type { TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { passCost, type PassCost } from "./support/discovery-cost.js";
import { startEndlessRegistry } from "./support/endless-registry.js";
import { generateLedger, repositoryName, tagName, type Shape } from "./support/generated.js";

/**
 * What a hundred times as many tags cost: npm run bench:ledger
 *
 * `--ten-million` has a thousand times as many, too: that takes 30 GB.
 */
const { values: options } = parseArgs({
  options: { "ten-million": { type: "boolean", default: false } },
});
const SHAPES: readonly Shape[] = [
  { repositories: 10, tags: 1_000 },
  { repositories: 1_000, tags: 1_000 },
  ...(options["ten-million"] ? [{ repositories: 10_000, tags: 1_000 }] : []),
];
/** One more repository, which has as many tags as all others together, for lists. */
const LARGE = parseRepositoryName("team-00/large");
const LARGE_AT_ONCE = 20_000;
const PAGE = 100;
/** The ten-thousandth page begins behind it, where there is one; else the last. */
const FAR = 9_999 * PAGE;
/** Rounds that do not count. */
const WARM_UP = 3;
const ROUNDS = 10;
const PUSHES = 60;
const LOOKUPS = 300;
const SCANS = 20;
const EXPIRED = 50;
const SLICE = 2_000;
/** Tags that are asked for again and again. */
const POPULAR = 500;

/** One of the ledgers that are compared. */
interface Side {
  readonly shape: Shape;
  readonly ledger: TestLedger;
  readonly db: Database;
}

/** How often something is done in one round, and what. */
interface Case {
  readonly times: number;
  readonly work: (side: Side, serial: number) => Promise<unknown>;
}

const CASES: Readonly<Record<string, Case>> = {
  "push: reserve, commit, audit": { times: PUSHES, work: push },
  "reserve a new tag": { times: PUSHES, work: reserve },
  "append to the audit log": { times: PUSHES, work: append },
  "list, first page": {
    times: SCANS,
    work: ({ db }) => readListedTags(db, LARGE, { after: "", limit: PAGE + 1 }),
  },
  "list, ten-thousandth page, or the last": {
    times: SCANS,
    work: ({ db, shape }) => readListedTags(db, LARGE, { after: farTag(shape), limit: PAGE + 1 }),
  },
  [`lookup, one of ${POPULAR} popular tags`]: {
    times: LOOKUPS,
    work: ({ db, shape }) => readTagMeaning(db, tagAt(shape, randomInt(POPULAR) * 7919)),
  },
  "lookup, any tag": {
    times: LOOKUPS,
    work: ({ db, shape }) => readTagMeaning(db, anyTag(shape)),
  },
  "state, any tag": { times: LOOKUPS, work: ({ db, shape }) => readTagState(db, anyTag(shape)) },
  "newest tag of any repository": {
    times: LOOKUPS,
    work: ({ db, shape }) => readLatest(db, anyTag(shape).repository),
  },
  [`scan for expired reservations, ${EXPIRED} found`]: {
    times: SCANS,
    work: ({ db }) => listExpired(db, EXPIRED),
  },
  "count of missing and drifted tags": { times: SCANS, work: ({ db }) => countMarked(db) },
};

/** The whole protocol but the registry, which takes no time here. */
async function push({ db }: Side, serial: number): Promise<void> {
  const repository = repositoryName(0);
  const one = tagPush(`manifest ${serial}`, { repository, tag: `pushed-${serial}` });
  await pushTag(pushDeps(db), one, {
    send: () => Promise.resolve({ status: 201 }),
    currentDigest: () => Promise.resolve(null),
  });
}

async function reserve({ db }: Side): Promise<void> {
  const tag = randomUUID();
  const claim = tagPush(tag, { repository: repositoryName(0), tag });
  await reserveTag(db, claim, { leaseSeconds: 3_600, mutable: false });
}

async function append({ db }: Side, serial: number): Promise<void> {
  const { actor, digest } = tagPush(`appended ${serial}`);
  const repository = parseRepositoryName(repositoryName(serial % 10));
  const what = { action: "tag.pushed", repository, tag: null, digest } as const;
  await db.transaction(async (tx) => {
    tx.endWith(() => recordAudit(tx, { ...what, actor, reason: "stored", detail: {} }));
    return Promise.resolve();
  });
}

/** @returns the tag of the large repository that stands before the page */
function farTag({ repositories, tags }: Shape): string {
  return largeTag(Math.min(FAR, repositories * tags - PAGE) - 1);
}

const largeTag = (index: number) => `v${String(index).padStart(8, "0")}`;

function anyTag(shape: Shape) {
  return tagAt(shape, randomInt(shape.repositories * shape.tags));
}

function tagAt({ repositories, tags }: Shape, index: number) {
  return {
    repository: parseRepositoryName(repositoryName(Math.floor(index / tags) % repositories)),
    tag: parseTag(tagName(index % tags)),
  };
}

async function open(postgres: TestPostgres, shape: Shape): Promise<Side> {
  const ledger = await generateLedger(postgres, shape);
  const db = ledger.open();
  await db.query(
    `insert into ledger.tag
       (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
     select 'team-00/lost', 'lost-' || i, gen_random_uuid(), 'sha256:x', 'alice', now() - interval '1 minute'
     from generate_series(1, $1) as i`,
    [EXPIRED],
  );
  return { shape, ledger, db };
}

/** After discovery, whose registry does not have it. */
async function addLarge({ db, shape }: Side): Promise<void> {
  const size = shape.repositories * shape.tags;
  for (let from = 0; from < size; from += LARGE_AT_ONCE)
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select $1, 'v' || to_char(t, 'FM00000000'), 'sha256:x', 'alice', now() - interval '2 days'
       from generate_series($2::int, $3::int - 1) as t`,
      [LARGE, from, Math.min(from + LARGE_AT_ONCE, size)],
    );
  await db.query(
    `insert into ledger.repository (name, compared_at) values ($1, now())
     on conflict (name) do update set compared_at = now()`,
    [LARGE],
  );
}

/** In turns, so that all sides see the machine in the same moods. @returns milliseconds, half took less */
async function medians(sides: readonly Side[], { times, work }: Case): Promise<number[]> {
  const samples = sides.map((): number[] => []);
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
    for (const [index, side] of sides.entries())
      for (let i = 0; i < times; i += 1) {
        const begin = performance.now();
        await work(side, round * times + i);
        if (round >= WARM_UP) samples[index]?.push(performance.now() - begin);
      }
  return samples.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0);
}

async function measureDiscovery(sides: readonly Side[]): Promise<void> {
  const costs: PassCost[] = [];
  for (const { shape, ledger, db } of sides) {
    const registry = await startEndlessRegistry(shape);
    const discover = discoverer(ledger, db, registry.url);
    costs.push(await passCost(discover, { slice: SLICE, repositories: shape.repositories }));
    await registry.stop();
  }
  const figures = (key: keyof PassCost) => costs.map((cost) => cost[key]);
  print("discovery, for 1000 tags listed", figures("listing"), "ms");
  print("discovery, for 1000 digests compared", figures("comparing"), "ms");
  print("discovery, a whole pass", figures("whole"), "s");
  print("discovery, heap held at most", figures("heap"), "MiB");
}

/** @returns how often Postgres has read the whole table of tags so far */
async function wholeReads({ db }: Side): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select seq_scan::int as count from pg_stat_user_tables
     where schemaname = 'ledger' and relname = 'tag'`,
  );
  return rows[0]?.count ?? 0;
}

function print(what: string, figures: readonly number[], unit: string): void {
  const [first = 0, ...others] = figures;
  const shown = figures.map((figure) => `${figure.toFixed(2)} ${unit}`.padStart(14));
  const ratios = others.map((figure) => (figure / first).toFixed(2).padStart(8));
  console.log(`${what.padEnd(44)}${shown.join("")}${ratios.join("")}`);
}

async function main(): Promise<void> {
  const postgres = await startTestPostgres();
  const sides: Side[] = [];
  try {
    for (const shape of SHAPES) sides.push(await open(postgres, shape));
    const readsBefore = await Promise.all(sides.map(wholeReads));
    const sizes = SHAPES.map(({ repositories, tags }) => `${repositories * tags} tags`);
    console.log(`${"".padEnd(44)}${sizes.map((size) => size.padStart(14)).join("")}   ratio`);
    await measureDiscovery(sides);
    for (const side of sides) await addLarge(side);
    for (const [name, one] of Object.entries(CASES)) print(name, await medians(sides, one), "ms");
    const reads = (await Promise.all(sides.map(wholeReads))).map(
      (n, i) => n - (readsBefore[i] ?? 0),
    );
    console.log(`Postgres read the whole table of tags ${reads.join(" and ")} times`);
  } finally {
    await Promise.all(sides.map(({ ledger }) => ledger.close()));
    await postgres.stop();
  }
}

await main();
