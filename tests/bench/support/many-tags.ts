import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import { tagName } from "./generated.js";
import type { Scene } from "./scene.js";

const AT_ONCE = 100;

/**
 * One tag is pushed; the others are written as the registry and the ledger would have, had each been.
 *
 * @param scene - the stack
 * @param repository - that has nothing yet
 * @param tags - how many there are then, all of one manifest
 */
export async function pushTags(scene: Scene, repository: string, tags: number): Promise<void> {
  const digest = await scene.client.push(repository, tagName(0), repository);
  const names = Array.from({ length: tags - 1 }, (_, i) => tagName(i + 1));
  await writeLinks(scene.storage, repository, names, digest);
  const ledger = await openLedgerOf(scene.stack);
  try {
    await ledger.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select $1, name, $2, 'alice', now() from unnest($3::text[]) as name
       -- A pass of discovery may have found some first.
       on conflict do nothing`,
      [repository, digest, names],
    );
    // As a pass of discovery would have noted.
    await ledger.query(`update ledger.repository set compared_at = now() where name = $1`, [
      repository,
    ]);
  } finally {
    await ledger.close();
  }
}

async function writeLinks(
  storage: string,
  repository: string,
  names: readonly string[],
  digest: string,
): Promise<void> {
  const tags = join(storage, "docker/registry/v2/repositories", repository, "_manifests/tags");
  const writeLink = async (name: string) => {
    await mkdir(join(tags, name, "current"), { recursive: true });
    await writeFile(join(tags, name, "current", "link"), digest);
  };
  for (let from = 0; from < names.length; from += AT_ONCE)
    await Promise.all(names.slice(from, from + AT_ONCE).map(writeLink));
}
