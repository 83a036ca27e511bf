import { beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { readLatest } from "#gateway/ledger/sql/latest-tag.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { smallManifest } from "#tests/support/small-images.js";
import type { Discover } from "./support/discoverer.js";
import type { ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

const OPERATOR = { ...SYSTEM, uid: "olga", kind: "command" };

let repository: RepositoryName;
let ledger: StartedLedger;
let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ ledger, db, registry, discover, repository } = parts);
});

/** An image that says when it was made. */
function image(name: string, created: string): string {
  const manifest = JSON.parse(smallManifest(name)) as { annotations: Record<string, string> };
  manifest.annotations["org.opencontainers.image.created"] = created;
  return JSON.stringify(manifest);
}

function accept(since: string | null, dryRun = false) {
  return discover({ taking: { since, by: OPERATOR }, trusted: true, dryRun });
}

async function meaningOf(tag: string): Promise<string | undefined> {
  const { rows } = await db.query<{ digest: string }>(
    "select digest from ledger.tag where repository = $1 and name = $2",
    [repository, tag],
  );
  return rows[0]?.digest;
}

/** @returns what `verify` says of these tags; in the test's repository */
async function wrong(...tags: readonly string[]): Promise<unknown[]> {
  const { findings } = await verifyLedger(db, () => undefined);
  return findings.filter((found) => found.repository === repository && tags.includes(found.tag));
}

/** The ledger as of an hour ago: a release and two moving tags were pushed, which is on record. */
beforeEach(async () => {
  for (const tag of ["1.0", "a-SNAPSHOT", "b-SNAPSHOT"])
    registry.write(repository, tag, image(tag, "2026-11-26T20:00:00Z"));
  await discover();
  // Adopted counts as pushed where somebody pushes the same again.
  await db.query("update ledger.tag set origin = 'pushed'");
});

describe("a ledger that was restored as of an hour ago", () => {
  test("takes mutable tags over as they stand at the registry, on record, and latest is the newest at once", async () => {
    const moved = registry.write(repository, "a-SNAPSHOT", image("moved", "2026-11-26T21:00:00Z"));
    registry.write(repository, "1.0", image("not ours", "2026-11-26T21:00:00Z"));
    const restored = new Date().toISOString();
    // Gateways have worked since: what was pushed in the lost hour was found, in any order.
    for (const [tag, hour] of [
      ["1.2", "21:30"],
      ["1.1", "21:10"],
    ] as const) {
      registry.write(repository, tag, image(tag, `2026-11-26T${hour}:00Z`));
      await discover();
    }
    expect((await readLatest(db, repository))?.tag).not.toBe("1.2");

    expect(await accept(restored, true)).toMatchObject({ taken: 3, drifted: 1 });
    expect(await meaningOf("a-SNAPSHOT")).not.toBe(moved);
    expect(await accept(restored)).toMatchObject({ taken: 3, drifted: 1, errors: 0 });
    expect(await meaningOf("a-SNAPSHOT")).toBe(moved);
    // What never changes does not, whatever stands at the registry.
    expect(await meaningOf("1.0")).not.toBe(registry.tags.get(`${repository}:1.0`));
    expect((await readLatest(db, repository))?.tag).toBe("1.2");

    const taken = (await ledger.audited()).filter(({ actor }) => actor.uid === "olga");
    expect(taken.map(({ action, tag, detail }) => [action, tag, detail["change"]])).toEqual([
      ["tag.adopted", "a-SNAPSHOT", "moved"],
      ["tag.adopted", "1.1", "again"],
      ["tag.adopted", "1.2", "again"],
    ]);
    expect(await wrong("a-SNAPSHOT", "1.1", "1.2")).toEqual([]);
    expect(await discover()).toMatchObject({ drifted: 1, adopted: 0 });
  });

  test("keeps what was pushed since gateways worked on it", async () => {
    const restored = new Date().toISOString();
    await db.query("update ledger.tag set pushed_at = now() where name = 'b-SNAPSHOT'");
    registry.write(repository, "b-SNAPSHOT", image("late", "2026-11-26T21:00:00Z"));
    expect(await accept(restored)).toMatchObject({ taken: 0, drifted: 1 });
  });

  test("has what the registry lists and the ledger does not know counted as pushed, also found only now", async () => {
    registry.write(repository, "1.3", image("1.3", "2026-11-26T21:00:00Z"));
    expect(await accept(null)).toMatchObject({ adopted: 1, taken: 1 });
    expect((await readLatest(db, repository))?.tag).toBe("1.3");
    expect(await wrong("1.3")).toEqual([]);
  });

  test("in a repository to which nothing was ever pushed leaves latest as it was inherited", async () => {
    registry.write("beta/app", "1.0", image("beta", "2026-11-26T21:00:00Z"));
    expect(await accept(null)).toMatchObject({ adopted: 1, taken: 0 });
    const { rows } = await db.query("select origin from ledger.tag where repository = 'beta/app'");
    expect(rows).toEqual([{ origin: "adopted" }]);
  });
});

test("a repository that is gone as a whole counts tag by tag once an operator says so, and blocks nothing then", async () => {
  registry.write("beta/app", "1.0", image("beta", "2026-11-26T21:00:00Z"));
  await discover();
  await db.query("update ledger.tag set origin = 'pushed'");
  registry.tags.delete("beta/app:1.0");
  registry.write(repository, "2.0", image("2.0", "2026-11-26T22:00:00Z"));
  expect(await discover()).toMatchObject({ adopted: 0, absent: 0, compared: 0 });
  for (let i = 0; i < 3; i += 1) await accept(null);
  expect(await discover()).toMatchObject({ errors: 0 });
  const missing = (await ledger.audited()).filter(({ action }) => action === "tag.missing");
  expect(missing).toMatchObject([{ repository: "beta/app", tag: "1.0" }]);
});
