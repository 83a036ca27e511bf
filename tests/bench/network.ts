import { randomUUID } from "node:crypto";
import { pushTag } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { startCountingLine, type CountingLine } from "#tests/support/counting-line.js";
import { createLedger } from "#tests/support/ledger.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { median } from "./support/topic.js";

/** What a network between gateway and Postgres adds to a push, the registry taking no time: npm run bench:network */
const DELAYS = [0, 1, 3];
const ROUNDS = 6;
const PUSHES = 25;

interface Side {
  readonly line: CountingLine;
  readonly db: Database;
}

async function push(db: Database): Promise<void> {
  const tag = randomUUID();
  await pushTag(pushDeps(db), tagPush(tag, { tag }), {
    send: () => Promise.resolve({ status: 201 }),
    currentDigest: () => Promise.resolve(null),
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** In turns, so that all see the machine in the same moods. */
async function measure(sides: readonly Side[]): Promise<void> {
  const taken = sides.map(() => ({ pushes: [] as number[], questions: [] as number[], turns: 0 }));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, { line, db }] of sides.entries()) {
      const mine = taken[index];
      for (let i = 0; i < PUSHES; i += 1) {
        const question = await timed(() => db.query("select 1"));
        const before = line.turns();
        const whole = await timed(() => push(db));
        // The first makes the connection and prepares its statements.
        if (round === 0) continue;
        mine?.questions.push(question);
        mine?.pushes.push(whole);
        if (mine) mine.turns += line.turns() - before;
      }
    }
  console.log(
    "added  a question   a push   round trips (others are told in one more, now and then)",
  );
  for (const [index, { pushes, questions, turns }] of taken.entries())
    console.log(
      [
        `${DELAYS[index]} ms`.padStart(5),
        `${median(questions).toFixed(2)} ms`.padStart(12),
        `${median(pushes).toFixed(2)} ms`.padStart(9),
        (turns / pushes.length).toFixed(1).padStart(6),
      ].join(""),
    );
}

const postgres = await startTestPostgres();
const ledger = await createLedger(postgres);
const sides: Side[] = [];
for (const delay of DELAYS) {
  const line = await startCountingLine(ledger.config.port, delay);
  sides.push({ line, db: ledger.open({ port: line.port, connections: 1 }) });
}
await measure(sides);
await ledger.close();
await Promise.all(sides.map(({ line }) => line.close()));
await postgres.stop();
