import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { discoverOnce } from "#gateway/discovery/discovery.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { discoveryDeps } from "#tests/integration/discovery/support/discoverer.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { generateLedger } from "./support/generated.js";

/** What a pass without news costs, and what pushes take meanwhile: npm run bench:discovery */
const SHAPE = { repositories: 5_000, tags: 20 };
/** As `DISCOVERY_…` are when nobody sets them; parts are asked for at the registry, which keeps none here. */
const USUAL = { sightings: 3, repair: false, slice: 2_000, parts: 0, perSecond: 200 };
const REGISTRY = fileURLToPath(new URL("support/serve-endless-registry.js", import.meta.url));
const ROUNDS = 3;
const PUSHES = 300;

let serial = 0;

/** @returns milliseconds that each push took, one after the other */
async function pushes(db: Database, goesOn: () => boolean): Promise<number[]> {
  const taken: number[] = [];
  while (goesOn()) {
    const one = tagPush(`manifest ${(serial += 1)}`, { repository: "zeta/app", tag: `v${serial}` });
    const begin = performance.now();
    await pushTag(pushDeps(db), one, {
      send: () => Promise.resolve({ status: 201 }),
      currentDigest: () => Promise.resolve(null),
    });
    taken.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return taken;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function pass(deps: Parameters<typeof discoverOnce>[0]): ReturnType<typeof discoverOnce> {
  return discoverOnce(deps, {
    ...{ ...USUAL, dryRun: false, trusted: false, progress: () => undefined },
    signal: new AbortController().signal,
  });
}

async function main(): Promise<void> {
  const postgres = await startTestPostgres();
  const registry = fork(REGISTRY, [JSON.stringify(SHAPE)]);
  const [url] = (await once(registry, "message")) as [string];
  const ledger = await generateLedger(postgres, SHAPE);
  try {
    const db = ledger.open();
    const deps = discoveryDeps(ledger, db, url);
    // What is new to the ledger is so in the first pass alone.
    await pass(deps);
    for (let round = 0; round < ROUNDS; round += 1) {
      let left = PUSHES;
      const alone = median(await pushes(db, () => (left -= 1) >= 0));
      let isRunning = true;
      const passing = pass(deps).finally(() => (isRunning = false));
      const beside = median(await pushes(db, () => isRunning));
      const summary = await passing;
      console.log(
        `${SHAPE.repositories} repositories, ${summary?.tags ?? 0} tags: pass ${summary?.seconds.toFixed(1) ?? "none"} s, ` +
          `${summary?.errors ?? 0} errors; push p50 ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside it, ` +
          `ratio ${(beside / alone).toFixed(2)}`,
      );
    }
  } finally {
    registry.disconnect();
    await ledger.close();
    await postgres.stop();
  }
}

await main();
