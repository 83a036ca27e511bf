import { beforeEach, describe, expect, test } from "@jest/globals";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { deleteUntagged, type UntaggedOutcome } from "#gateway/deletion/delete-untagged.js";
import { learnManifests } from "#gateway/deletion/learn-manifests.js";
import type { RemovalAnswer } from "#gateway/deletion/removal-answer.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { operator } from "#audit-log/operator.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { deletionDeps, storedOf } from "./support/deletion-deps.js";
import { image, index, REPOSITORY, type TestManifest } from "./support/manifests.js";

const repository = parseRepositoryName(REPOSITORY);
const ONE = image("one");

let ledger: StartedLedger;
/** What the registry has. */
let there: Map<Digest, TestManifest>;
/** How often it was asked for a manifest. */
let asked: number;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  there = new Map([[ONE.digest, ONE]]);
  asked = 0;
});

const deps = () =>
  deletionDeps(ledger.db, (_key, digest) => {
    asked += 1;
    const manifest = there.get(digest);
    return manifest === undefined ? Promise.resolve(null) : storedOf(manifest);
  });

async function remove(
  change: Partial<ReturnType<typeof deps>>,
  atRegistry: () => Promise<RemovalAnswer> = () => Promise.resolve("deleted"),
): Promise<UntaggedOutcome[]> {
  const outcomes: UntaggedOutcome[] = [];
  await deleteUntagged({ ...deps(), ...change }, [{ repository, digest: ONE.digest }], {
    ...{ actor: operator("olga", {}), dryRun: false, inUse: inUseGuard(0), atRegistry },
    tell: (_manifest, outcome) => outcomes.push(outcome),
  });
  return outcomes;
}

describe("an untagged manifest", () => {
  test("is asked for again while the registry does not answer, but not for ever", async () => {
    const answersAt = (attempt: number) => () => {
      asked += 1;
      return asked < attempt ? Promise.reject(new Error("no answer")) : storedOf(ONE);
    };
    await expect(remove({ upstreamManifest: answersAt(50) })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(asked).toBe(20);
    asked = 0;
    expect(await remove({ upstreamManifest: answersAt(3) })).toEqual([{ outcome: "deleted" }]);
  });

  test("is not asked for again after what does not pass by itself", async () => {
    const broken = new Error("no such column");
    const queries = [broken];
    const query: typeof ledger.db.query = (...of) => {
      const error = queries.shift();
      return error === undefined ? ledger.db.query(...of) : Promise.reject(error);
    };
    await expect(remove({ db: { ...ledger.db, query } })).rejects.toBe(broken);
  });

  test("is not told to be kept when the registry's deletion is undecided", async () => {
    const undecided = new Fault("UNAVAILABLE");
    await expect(remove({}, () => Promise.reject(undecided))).rejects.toBe(undecided);
  });
});

describe("what is learned before a deletion", () => {
  const store = async (manifest: TestManifest) =>
    storeManifest(ledger.db, repository, await storedOf(manifest), "checked");

  test("leaves out what the registry does not have, and nothing else", async () => {
    const [present, absent] = [image("present"), image("absent")];
    there.set(present.digest, present);
    await store(ONE);
    const parent = index("parent", present, absent);
    await store(parent);
    expect(await learnManifests(deps(), repository, parent.digest)).toEqual([absent.digest]);
  });

  test("is not kept from an end by how much the registry does not have", async () => {
    const children = Array.from({ length: 500 }, (_, n) => image(`absent ${n}`));
    const parent = index("of many", ...children);
    await store(parent);
    expect(await learnManifests(deps(), repository, parent.digest)).toHaveLength(children.length);
    expect(asked).toBe(children.length);
  });
});
