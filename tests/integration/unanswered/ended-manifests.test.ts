import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { endManifestWrite } from "#gateway/ledger/end-manifest-write.js";
import { noteManifestPush, UNSETTLED_SECONDS } from "#gateway/ledger/sql/manifest-push.js";
import { describeWrite, readOpenWrites } from "#gateway/mode/open-writes.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { image, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startLateWharf, type LateWharf } from "./support/late-wharf.js";

const OLGA = {
  ...{ uid: "olga", realm: "", kind: "command", address: "machine" },
  ...{ userAgent: "", requestId: "" },
};
const repository = parseRepositoryName(REPOSITORY);
const [program] = registryPrograms();

/** `mode end REPOSITORY@DIGEST`: what `mode show` names can be ended by that name. */
describe("what was begun about a manifest and cannot be settled", () => {
  let late: LateWharf;
  beforeAll(async () => {
    late = await startLateWharf(program?.file ?? "");
  });
  afterAll(() => late.stop());

  const end = ({ digest }: TestManifest) => {
    const { db } = late.wharf;
    const deps = { db, audit: recordAudit, bounds: BOUNDS };
    return endManifestWrite(deps, { repository, digest }, OLGA);
  };
  const ended = async ({ digest }: TestManifest) =>
    (await late.wharf.audited("write.ended")).filter((entry) => entry.digest === digest);
  const named = async ({ digest }: TestManifest) => {
    const open = await readOpenWrites(late.wharf.db);
    return open.named.filter(({ name }) => name === `${REPOSITORY}@${digest}`).map(describeWrite);
  };
  const push = async (manifest: TestManifest, tag?: string) => {
    expect((await late.wharf.push(manifest, tag)).status).toBe(201);
  };
  const removeWithoutAnswer = async ({ digest }: TestManifest) => {
    const held = late.between.hold("DELETE", /\/manifests\/sha256:/);
    expect((await late.wharf.remove(digest, late.behind)).status).toBe(503);
    await held.arrived;
    return held;
  };

  test("is nothing where nobody has begun anything", async () => {
    await push(image("calm"));
    await expect(end(image("calm"))).resolves.toBe("nothing is under way");
    expect(await ended(image("calm"))).toEqual([]);
  });

  test("is a push by digest whose gateway was lost, and no other", async () => {
    const manifest = image("pushed");
    const { digest } = manifest;
    const noted = { id: randomUUID(), repository, digest, actor: { ...OLGA, uid: "bob" } };
    await noteManifestPush(late.wharf.db, noted, UNSETTLED_SECONDS);
    await expect(end(manifest)).resolves.toBe("a gateway has it in hand");
    // As whoever looks at it each five seconds leaves it.
    await late.wharf.db.query(
      `update ledger.manifest_push set noted_at = noted_at - interval '61 seconds',
         unsettled_at = clock_timestamp() + interval '5 seconds' where digest = $1`,
      [digest],
    );
    expect(await named(manifest)).toEqual([
      expect.stringContaining(`to end it: mode end ${REPOSITORY}@${digest}`),
    ]);
    await expect(end(manifest)).resolves.toBe("ended");
    expect(await named(manifest)).toEqual([]);
    expect(await ended(manifest)).toMatchObject([
      { actor: { uid: "olga" }, detail: { kind: "manifest-push", begunBy: "bob" } },
    ]);
  });

  test("is a deletion whose gateway was lost, with its tags, and none that is under way", async () => {
    const manifest = image("with a tag");
    await push(manifest, "1.0");
    const held = await removeWithoutAnswer(manifest);
    await expect(end(manifest)).resolves.toBe("a gateway has it in hand");
    await late.loseDeletions();
    expect(await named(manifest)).not.toEqual([]);
    await expect(end(manifest)).resolves.toBe("ended");
    expect(await ended(manifest)).toMatchObject([
      { actor: { uid: "olga" }, detail: { kind: "manifest-removal", tags: ["1.0"] } },
    ]);
    await late.look();
    expect(await late.noted()).toBe(0);
    expect(await late.wharf.atRegistry("1.0")).toBe(200);
    await held.carryOut();
  });

  test("is a deletion that the registry has not answered: it is looked at once more, and no more", async () => {
    const manifest = image("unanswered");
    await push(manifest);
    const held = await removeWithoutAnswer(manifest);
    await late.loseDeletions();
    await late.look();
    expect(await late.noted()).toBe(1);
    // It has come, which the operator does not know.
    await held.carryOut();
    await push(image("unanswered"), "2.0");
    await expect(end(manifest)).resolves.toBe("ended");
    await late.look();
    expect(await late.noted()).toBe(0);
    expect(await late.wharf.atRegistry("2.0")).toBe(200);
  });

  test("is told while it is not put right, and forgotten when an operator says so", async () => {
    const manifest = image("cannot be put back");
    await push(manifest, "3.0");
    const held = await removeWithoutAnswer(manifest);
    await late.loseDeletions();
    await late.look();
    await late.outlast();
    await held.carryOut();
    const bytes = "update ledger.manifest set content = '{}' where digest = $1";
    await late.wharf.db.query(bytes, [manifest.digest]);
    await late.look();
    expect(late.overdue()).toEqual({ tags: 0, manifests: 1 });
    await expect(end(manifest)).resolves.toBe("ended");
    await late.look();
    expect(late.overdue()).toEqual({ tags: 0, manifests: 0 });
  });
});
