import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { ANY_LAYER_URL } from "#registry-config/settings.js";
import { reportLines } from "#gateway/commands/discover/report.js";
import { discoveryMetrics } from "#gateway/discovery/discovery-metrics.js";
import { isInOrder } from "#gateway/discovery/in-order.js";
import { countIncomplete } from "#gateway/discovery/sql/missing-parts.js";
import type { PassOptions } from "#gateway/discovery/pass.js";
import type { PassSummary } from "#gateway/discovery/tally.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { uploadBlob, uploadImage } from "../tags/support/blobs.js";
import { lose } from "../tags/support/lost.js";
import { CONFIG, image, index, REPOSITORY, type TestManifest } from "../tags/support/manifests.js";
import { registryPrograms } from "../tags/support/registry.js";
import { startWharf, type Wharf } from "../tags/support/wharf.js";
import { discoverer } from "./support/discoverer.js";

const ALL = { parts: 10_000 };
let names = 0;
const newName = () => `n-${(names += 1)}`;

describe.each(registryPrograms())("parts that are lost, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [], ANY_LAYER_URL);
  });
  afterAll(() => wharf.stop());
  beforeEach(async () => {
    await wharf.ledger.clear();
    const storage = join(wharf.registry.storage ?? "", "docker");
    await rm(storage, { recursive: true, force: true });
    await uploadBlob(wharf.registry.url, Buffer.from(CONFIG));
  });

  const discover = async (options: Partial<PassOptions> = ALL): Promise<PassSummary> => {
    const pass = discoverer(wharf.ledger, wharf.db, wharf.registry.url);
    const summary = await pass(options);
    if (summary === null) throw new Error("there was another pass");
    return summary;
  };
  /** @returns an image with a layer that no other has, and that layer */
  const made = async () => {
    const layer = Buffer.from(`layer of ${newName()}`);
    const manifest = await uploadImage(wharf.registry.url, newName(), { layers: [layer] });
    return { manifest, layer, digest: digestOf(layer) };
  };
  const pushed = async () => {
    const one = await made();
    expect((await wharf.push(one.manifest, newName())).status).toBe(201);
    return one;
  };
  const problemOf = (manifest: TestManifest, lacks: Digest) =>
    `${REPOSITORY}@${manifest.digest} lacks ${lacks} (missing-blob)`;

  test("a layer is reported in every pass and on record once, until it is there again", async () => {
    const { manifest, layer, digest } = await pushed();
    await pushed();
    expect(await discover()).toMatchObject({ manifests: 2, incomplete: 0, errors: 0 });
    await lose(wharf.registry, digest);
    for (let i = 0; i < 2; i += 1) {
      const summary = await discover();
      expect(summary).toMatchObject({ incomplete: 1, incompleteLeft: 1, errors: 0 });
      expect(summary.problems).toContain(problemOf(manifest, digest));
      expect(isInOrder(summary)).toBe(false);
      expect(reportLines(summary, false).join("\n")).toContain("1 lack a part");
    }
    expect(await wharf.audited("manifest.missing-blob")).toMatchObject([
      { digest: manifest.digest, tag: null, detail: { missing: [digest], count: 1 } },
    ]);
    expect(await countIncomplete(wharf.db)).toBe(1);
    await uploadBlob(wharf.registry.url, layer);
    expect(isInOrder(await discover())).toBe(true);
    expect(await countIncomplete(wharf.db)).toBe(0);
  });

  test("a dry run reports and changes nothing", async () => {
    const { digest } = await pushed();
    await lose(wharf.registry, digest);
    expect(await discover({ ...ALL, dryRun: true })).toMatchObject({ incompleteLeft: 1 });
    expect(await countIncomplete(wharf.db)).toBe(0);
    expect(await wharf.audited("manifest.missing-blob")).toEqual([]);
  });

  test("a child of an index is reported, and put back where that is wanted", async () => {
    const { manifest } = await made();
    expect((await wharf.push(manifest)).status).toBe(201);
    const both = index(newName(), manifest);
    expect((await wharf.push(both, newName())).status).toBe(201);
    await lose(wharf.registry, manifest.digest);
    const summary = await discover();
    expect(summary.problems).toContain(problemOf(both, manifest.digest));
    expect(await discover({ ...ALL, repair: true, dryRun: true })).toMatchObject({ repaired: 1 });
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
    const mended = { incomplete: 1, incompleteLeft: 0, repaired: 1, errors: 0 };
    expect(await discover({ ...ALL, repair: true })).toMatchObject(mended);
    expect(await wharf.atRegistry(manifest.digest)).toBe(200);
    expect(await countIncomplete(wharf.db)).toBe(0);
  });

  test("of a tag that is written again what is below it comes first, innermost before all", async () => {
    const { manifest } = await made();
    const inner = index(newName(), manifest);
    const outer = index(newName(), inner);
    for (const one of [manifest, inner]) expect((await wharf.push(one)).status).toBe(201);
    const tag = newName();
    expect((await wharf.push(outer, tag)).status).toBe(201);
    const lost = [manifest, inner, outer].map(({ digest }) => digest);
    await lose(wharf.registry, ...lost);
    const tags = `docker/registry/v2/repositories/${REPOSITORY}/_manifests/tags`;
    await rm(join(wharf.registry.storage ?? "", tags, tag), { recursive: true });
    // Without a look into manifests, which would put them back one by one: the tag's repair alone.
    const passes = { parts: 0, repair: true };
    for (let i = 0; i < 2; i += 1)
      expect(await discover(passes)).toMatchObject({ absent: 1, repaired: 0 });
    expect(await discover(passes)).toMatchObject({ absent: 1, absentLeft: 0, repaired: 1 });
    for (const digest of lost) expect(await wharf.atRegistry(digest)).toBe(200);
    const repaired = (await wharf.audited("manifest.repaired")).map(({ digest }) => digest);
    expect(repaired).toEqual([manifest.digest, inner.digest]);
    expect(await wharf.audited("tag.repaired")).toMatchObject([{ tag, digest: outer.digest }]);
  });

  test("a child that was deleted is not put back", async () => {
    const { manifest } = await made();
    expect((await wharf.push(manifest)).status).toBe(201);
    expect((await wharf.push(index(newName(), manifest), newName())).status).toBe(201);
    await lose(wharf.registry, manifest.digest);
    await wharf.db.query(
      "update ledger.manifest set deleted_at = now(), deleted_by = 'alice' where digest = $1",
      [manifest.digest],
    );
    const summary = await discover({ ...ALL, repair: true });
    expect(summary).toMatchObject({ incompleteLeft: 1, repaired: 0, errors: 0 });
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
  });

  test("a child that lost its layer too is reported and cannot be put back", async () => {
    const { manifest, digest } = await made();
    expect((await wharf.push(manifest)).status).toBe(201);
    expect((await wharf.push(index(newName(), manifest), newName())).status).toBe(201);
    await lose(wharf.registry, manifest.digest, digest);
    const summary = await discover({ ...ALL, repair: true });
    expect(summary).toMatchObject({ incomplete: 1, incompleteLeft: 1, repaired: 0, errors: 0 });
  });

  test("the manifest that a tag means counts; one that no tag means, and its layers, do not", async () => {
    const [tagged, untagged] = [await pushed(), await made()];
    expect((await wharf.push(untagged.manifest)).status).toBe(201);
    await lose(wharf.registry, tagged.manifest.digest, untagged.manifest.digest, untagged.digest);
    const summary = await discover();
    expect(summary).toMatchObject({ manifests: 2, incomplete: 1, errors: 0 });
    expect(summary.problems).toContain(problemOf(tagged.manifest, tagged.manifest.digest));
    expect(await discover({ ...ALL, repair: true })).toMatchObject({ incompleteLeft: 0 });
    expect(await wharf.atRegistry(tagged.manifest.digest)).toBe(200);
  });

  test("a layer of a manifest that stands without a tag counts", async () => {
    const { manifest, digest } = await made();
    expect((await wharf.push(manifest)).status).toBe(201);
    await lose(wharf.registry, digest);
    expect((await discover()).problems).toContain(problemOf(manifest, digest));
  });

  test("what came in past the gateway counts, below an index too", async () => {
    const [one, child] = [await made(), await made()];
    const outer = index(newName(), child.manifest);
    await wharf.writeAtRegistry(one.manifest, newName());
    await wharf.writeAtRegistry(child.manifest);
    await wharf.writeAtRegistry(outer, newName());
    expect(await discover()).toMatchObject({ incomplete: 0, errors: 0 });
    await lose(wharf.registry, one.digest, child.digest);
    const { problems, errors } = await discover();
    expect(errors).toBe(0);
    expect(problems).toContain(problemOf(one.manifest, one.digest));
    expect(problems).toContain(problemOf(child.manifest, child.digest));
  });

  test("a subject and a layer from elsewhere need not be there", async () => {
    const foreign = {
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      digest: digestOf(Buffer.from("nowhere here")),
      size: 12,
      urls: ["https://mcr.example/v2/windows/blobs/1"],
    };
    const more = { layers: [foreign], subject: image("nobody has it") };
    expect((await wharf.push(image(newName(), more), newName())).status).toBe(201);
    expect(await discover()).toMatchObject({ manifests: 1, incomplete: 0, errors: 0 });
  });

  test("what was deleted is looked for no more", async () => {
    const { manifest, digest } = await made();
    expect((await wharf.push(manifest)).status).toBe(201);
    await lose(wharf.registry, digest);
    await discover();
    expect((await wharf.remove(manifest.digest)).status).toBe(202);
    expect(await discover()).toMatchObject({ manifests: 0, incomplete: 0 });
    expect(await countIncomplete(wharf.db)).toBe(0);
  });

  test("are found by passes that go round, each with as many questions as it may have", async () => {
    const all = [];
    for (let i = 0; i < 25; i += 1) all.push(await pushed());
    const seen: number[] = [];
    for (let i = 0; i < 3; i += 1) seen.push((await discover({ parts: 1 })).manifests);
    expect(seen).toEqual([20, 5, 20]);
    await lose(wharf.registry, ...all.map(({ digest }) => digest));
    const found: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      await discover({ parts: 1 });
      found.push(await countIncomplete(wharf.db));
    }
    expect(found).toEqual([5, 25]);
  });
});

test("how many manifests lack a part is measured", async () => {
  const registry = new Registry();
  const metrics = discoveryMetrics(registry, Date.now);
  metrics.marked({ missing: 0, drifted: 0, incomplete: 3 });
  const text = await registry.metrics();
  expect(text).toContain('discovery_manifests_wrong{state="missing-blob"} 3');
});
