import { NEVER_GONE } from "#gateway/ledger/client-gone.js";
import { pushManifest } from "#gateway/ledger/push-manifest.js";
import type { TagPush } from "#gateway/ledger/push.js";
import { recordManifest } from "#gateway/ledger/record-manifest.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { startLedger } from "#tests/support/ledger.js";
import { imageManifest, indexManifest, pushCost } from "./support/manifest-cost.js";

/** What one manifest costs the database: npm run bench:manifests */
const MANIFESTS: Readonly<Record<string, string>> = {
  "image, 10 layers": imageManifest(10),
  "image, 1,000 layers": imageManifest(1_000),
  "image, 22,000 foreign layers": imageManifest(20_000, 32),
  "index, 5,000 children": indexManifest(5_000),
  "index, 20,000 children": indexManifest(20_000),
};
const WARM_UP = 20;
const ROUNDS = 3;
const BY_DIGEST = 300;

const ledger = await startLedger();
try {
  for (let i = 0; i < WARM_UP; i += 1)
    await pushCost(ledger.db, imageManifest(9, 20 + i), `warm-${i}`);
  for (const [name, content] of Object.entries(MANIFESTS))
    for (let round = 0; round < ROUNDS; round += 1) {
      // Other bytes each time: what is pushed again is not stored again.
      const bytes = `${content}${" ".repeat(round + 1)}`;
      const cost = await pushCost(ledger.db, bytes, `v${name.length}-${content.length}-${round}`);
      const { sent, tables, wal, milliseconds } = cost;
      const figures = [sent, tables, wal].map((bytes_) => `${Math.round(bytes_ / 1024)} KiB`);
      console.log(`${name}: ${figures.join(" / ")} / ${milliseconds.toFixed(0)} ms`);
    }
  await compareByDigest();
} finally {
  await ledger.stop();
}

/** What it costs to note a push by digest before the registry is asked. */
async function compareByDigest(): Promise<void> {
  const deps = pushDeps(ledger.db);
  const record = (push: TagPush) =>
    ledger.db.transaction((tx) =>
      recordManifest(tx, deps, push, push.manifest, { reason: "stored", how: "checked" }),
    );
  const noted = (push: TagPush) => {
    const transport = { send: () => Promise.resolve({ status: 201 }), gone: NEVER_GONE };
    return pushManifest(deps, { ...push, id: push.reservation }, push.manifest, transport);
  };
  for (const [name, work] of Object.entries({
    "by digest, record alone": record,
    "by digest": noted,
  })) {
    const taken: number[] = [];
    for (let i = 0; i < BY_DIGEST; i += 1) {
      const push = tagPush(imageManifest(10, 20 + i) + " ".repeat(name.length));
      const since = performance.now();
      await work(push);
      taken.push(performance.now() - since);
    }
    taken.sort((a, b) => a - b);
    console.log(`${name}: half in ${taken[BY_DIGEST / 2]?.toFixed(2)} ms`);
  }
}
