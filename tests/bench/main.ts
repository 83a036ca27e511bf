import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { testTools } from "#tests/support/tools.js";
import { plotOf } from "./support/plot.js";
import { watchProcess } from "./support/process-usage.js";
import { linesOf } from "./support/report.js";
import { openScene, type Scene } from "./support/scene.js";
import { measure, type Row, type Topic } from "./support/topic.js";
import { blobTopics } from "./topics/blobs.js";
import { imageTopics } from "./topics/images.js";
import { listTopics } from "./topics/lists.js";
import { manifestTopics } from "./topics/manifests.js";
import { pageTopics } from "./topics/page.js";
import { processTopics } from "./topics/processes.js";
import { pushTopics } from "./topics/pushes.js";
import { referrerTopics } from "./topics/referrers.js";
import { startTopics } from "./topics/start.js";
import { tokenTopics } from "./topics/tokens.js";

/**
 * Measures the gateway beside the registry, nginx in front of that, and Node's own server: npm run bench
 *
 * `--quick` takes less than two minutes; `--only <name>` (may be given more than once) measures `manifests`, `lists`,
 * `referrers`, `tokens`, `blobs`, `pushes`, `images`, `processes`, `start` or `page` alone.
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
const TURNS = values.quick ? { rounds: 3, warmsUp: false } : { rounds: 5, warmsUp: true };
const RESULTS = join(REPOSITORY_ROOT, "bench-results");

const MAKERS: Readonly<Record<string, (scene: Scene) => Topic[] | Promise<Topic[]>>> = {
  manifests: manifestTopics,
  lists: listTopics,
  referrers: referrerTopics,
  tokens: tokenTopics,
  blobs: blobTopics,
  pushes: pushTopics,
  images: imageTopics,
  processes: processTopics,
  start: startTopics,
  page: pageTopics,
};

async function main(): Promise<void> {
  const scene = await openScene(values.quick);
  try {
    const pid = await scene.stack.pidOf("gateway");
    if (pid === null) throw new Error("the gateway does not run");
    const rows: Row[] = [];
    for (const [name, make] of Object.entries(MAKERS)) {
      if (values.only.length > 0 && !values.only.includes(name)) continue;
      for (const topic of await make(scene)) {
        const row = await measure(topic, TURNS, watchProcess(pid));
        rows.push(row);
        console.log(linesOf([row]).join("\n"));
      }
    }
    await writeResults(rows);
  } finally {
    await scene.stop();
  }
}

async function writeResults(rows: readonly Row[]): Promise<void> {
  const { registry } = testTools();
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, registry };
  const results = { at: new Date().toISOString(), machine, isQuick: values.quick, rows };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  for (const row of rows) await writeFile(join(RESULTS, `${row.name}.svg`), plotOf(row));
  const missed = rows.flatMap(({ targets }) => targets).filter(({ isReached }) => !isReached);
  console.log(
    `\n${RESULTS}: results.json and a plot of each; ${missed.length} targets were missed`,
  );
}

await main();
