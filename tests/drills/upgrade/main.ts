import { join } from "node:path";
import { parseArgs } from "node:util";
import { knownPush, pushImage, readTag, tokenFor, type KnownPush } from "#tests/chaos/client.js";
import { startTestStack } from "#tests/support/stack.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { compileVersion, environmentOf, migrateTo, startGatewayOf, type Version } from "./versions.js"; // prettier-ignore

/**
 * Two versions beside each other on one database and one registry, while both are pushed to: the earlier one is there, the
 * later one migrates and comes beside it, the earlier one is started anew on the schema of the later one, and the later one
 * goes and comes back. Whoever races for a tag by both: one of them has it, and every tag is pulled from both.
 */
const { values } = parseArgs({
  options: { from: { type: "string", default: "HEAD~1" }, rounds: { type: "string", default: "25" } },
}); // prettier-ignore

const REPOSITORY = "alpha/app";
const wrong: string[] = [];
const acknowledged: KnownPush[] = [];

/** Pushes one tag by every gateway at once, each with a content of its own. */
async function race(urls: readonly string[], tag: string): Promise<void> {
  const pushes = urls.map((_, place) => knownPush(REPOSITORY, tag, `${tag} by ${place}`));
  const ends = await Promise.all(pushes.map((push, place) => pushImage(urls[place] ?? "", push)));
  const winners = pushes.filter((_, place) => ends[place] === "acknowledged");
  if (winners.length !== 1) wrong.push(`${tag}: ${ends.join(", ")}`);
  acknowledged.push(...winners.slice(0, 1));
}

async function rounds(what: string, urls: readonly string[]): Promise<void> {
  for (let round = 0; round < Number(values.rounds); round += 1)
    await race(urls, `${what}-${round}`);
  for (const url of urls) await readAll(what, url);
  console.log(`${what}: ${acknowledged.length} tags, ${wrong.length} wrong`);
}

async function readAll(what: string, url: string): Promise<void> {
  const token = await tokenFor(url, REPOSITORY);
  for (const { tag, digest, repository } of acknowledged) {
    const read = await readTag(url, token, { repository, tag });
    if (read === "unanswered" || read.digest !== digest)
      wrong.push(`${what}: ${tag} is read as ${JSON.stringify(read)}`);
  }
}

async function drill(earlier: Version, later: Version): Promise<void> {
  const stack = await startTestStack({ root: earlier });
  try {
    const pid = await stack.pidOf("gateway");
    if (pid === null) throw new Error("the stack has no gateway");
    const env = await environmentOf(pid);
    await rounds("earlier", [stack.url]);
    const migrated = new AbortController();
    const migrating = migrateTo(later, env, stack.dataDir).finally(() => {
      migrated.abort();
    });
    for (let round = 0; !migrated.signal.aborted; round += 1)
      await race([stack.url], `migrating-${round}`);
    await migrating;
    const next = await startGatewayOf(later, env);
    await rounds("beside", [stack.url, next.url]);
    const anew = await startGatewayOf(earlier, env);
    await rounds("earlier-anew", [anew.url, next.url]);
    await next.stop();
    await rounds("stepped-back", [stack.url, anew.url]);
    const again = await startGatewayOf(later, env);
    await rounds("forward-again", [anew.url, again.url]);
    await again.stop();
    await anew.stop();
  } finally {
    await stack.stop();
  }
}

const folder = await temporaryFolder();
const { version, remove } = await compileVersion(values.from, join(folder.path, "earlier"));
try {
  await drill(version, REPOSITORY_ROOT);
} finally {
  await remove();
  await folder.remove();
}
for (const line of wrong.slice(0, 20)) console.log(`WRONG ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
