import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import { tagName } from "../support/generated.js";
import type { Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Topic } from "../support/topic.js";

const REPOSITORY = "alpha/many-tags";
const TAGS = 10_000;
const AT_ONCE = 100;
const CONNECTIONS = 4;

/** @returns a page of 100 of ten thousand tags */
export async function listTopics(scene: Scene): Promise<Topic[]> {
  const { client, urls, isQuick } = scene;
  const digest = await client.push(REPOSITORY, tagName(0), "many");
  await writeTags(scene, digest);
  const bearer = async () => `Bearer ${await client.token(`repository:${REPOSITORY}:pull`)}`;
  const sides = Object.entries(urls).map(([name, origin]) => ({
    name,
    run: async () =>
      scene.wrk({
        url: `${origin}/v2/${REPOSITORY}/tags/list?n=100`,
        headers: name === GATEWAY ? { Authorization: await bearer() } : {},
        connections: CONNECTIONS,
        seconds: isQuick ? 1 : 2,
      }),
  }));
  const targets = [
    { what: "gateway / bare registry", wanted: 20, reached: ratio(GATEWAY, "bare") },
  ];
  const title = "tags/list of 10,000 tags, n=100, 4 connections";
  return [{ name: "tags-list", title, unit: "/s", sides, targets }];
}

/** As the registry and the ledger would have written them, had each been pushed. */
async function writeTags({ storage, stack }: Scene, digest: string): Promise<void> {
  const tags = join(storage, "docker/registry/v2/repositories", REPOSITORY, "_manifests/tags");
  const writeTag = async (name: string) => {
    await mkdir(join(tags, name, "current"), { recursive: true });
    await writeFile(join(tags, name, "current", "link"), digest);
  };
  for (let from = 1; from < TAGS; from += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => writeTag(tagName(from + i))));
  const ledger = await openLedgerOf(stack);
  try {
    await ledger.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select $1, 'v' || to_char(t, 'FM000000'), $2, 'alice', now() from generate_series(1, $3::int - 1) as t
       -- A pass of discovery may have found some first.
       on conflict do nothing`,
      [REPOSITORY, digest, TAGS],
    );
    // As a pass of discovery would have noted.
    await ledger.query(`update ledger.repository set compared_at = now() where name = $1`, [
      REPOSITORY,
    ]);
  } finally {
    await ledger.close();
  }
}
