import { startLedger } from "#tests/support/ledger.js";
import { imageManifest, indexManifest, pushCost } from "./support/manifest-cost.js";

/** What one manifest costs the database: npm run bench:manifests */
const MANIFESTS: Readonly<Record<string, string>> = {
  "image, 10 layers": imageManifest(10),
  "image, 1,000 layers": imageManifest(1_000),
  "image, 22,000 foreign layers": imageManifest(20_000, 32),
  "index, 5,000 children": indexManifest(5_000),
  "index, 25,000 children": indexManifest(25_000),
};
const WARM_UP = 20;
const ROUNDS = 3;

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
} finally {
  await ledger.stop();
}
