import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { registryAsker } from "#audit-log/verify/ask-registry.js";
import { registryTags } from "#audit-log/verify/registry-tags.js";
import { verifyTags } from "#audit-log/verify/verify-tags.js";
import { adoptTags } from "#gateway/ledger/sql/read-tag.js";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import { registryReader } from "#gateway/scm/registry-reader.js";
import { scmMetrics } from "#gateway/scm/scm-metrics.js";
import { SEARCH_LIMITS } from "#gateway/scm/search-limits.js";
import { sourceSearch } from "#gateway/scm/source-search.js";
import { enqueueSearch } from "#gateway/scm/sql/scm-search.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { eventually } from "#tests/support/eventually.js";
import { errorOf } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { discoverer, type Discover } from "../discovery/support/discoverer.js";
import { image } from "./support/manifests.js";
import { plantManifest } from "./support/planted.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

/** No registry of any line reads it. */
const HALF = '{"schemaVersion": 2, "mediaType": ';
/** More than errors in a row that end a pass. */
const MANY = 25;

describe.each(registryPrograms())(
  "what works through a registry $version with odd objects",
  (program) => {
    const repository = parseRepositoryName(REPOSITORY);
    let wharf: Wharf;
    let discover: Discover;
    beforeAll(async () => {
      wharf = await startWharf(program.file, [{ id: "all", effect: "mutable" }]);
      discover = discoverer(wharf.ledger, wharf.db, wharf.registry.url);
      for (let i = 0; i < MANY; i += 1)
        await plantManifest(wharf.registry, `${HALF}${i}`, { tag: `odd-${i}` });
      await wharf.writeAtRegistry(image("readable"), "readable");
    });
    beforeEach(() => wharf.ledger.clear());
    afterAll(() => wharf.stop());

    const hold = async (tag: string, digest = digestOf(Buffer.from(`${HALF}0`))) => {
      await adoptTags(wharf.db, repository, [{ tag: parseTag(tag), digest }]);
      return digest;
    };
    const read = (reference: string) =>
      wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${reference}`);

    test("a pass of discovery names them, goes on, and adopts the others", async () => {
      const summary = await discover();
      expect(summary).toMatchObject({ adopted: 1, errors: 0 });
      expect(summary?.problems).toContainEqual(
        expect.stringMatching(/^alpha\/app:odd-\d+: the registry cannot read it: /),
      );
    });

    test("a tag of the ledger that cannot be read is what it was, and verified", async () => {
      await hold("odd-0");
      const summary = await discover();
      expect(summary).toMatchObject({ compared: 2, absent: 0, drifted: 0, errors: 0 });
      const registry = registryTags(registryAsker(wharf.registry.url, () => "Bearer anything"));
      const verified = await verifyTags({ db: wharf.db, registry, progress: () => undefined });
      expect(verified).toMatchObject({ wrong: 0 });
    });

    test("one that means something else there is named alone", async () => {
      for (let i = 0; i < MANY; i += 1)
        await hold(`odd-${i}`, digestOf(Buffer.from(`${HALF}${i === 1 ? 0 : i}`)));
      const summary = await discover();
      expect(summary).toMatchObject({ compared: MANY, absent: 0, errors: 0 });
      expect(summary?.problems).toEqual([expect.stringContaining("alpha/app:odd-1: the registry")]);
    });

    test("a tag of the ledger that cannot be read is a final 404, and can be deleted and pushed", async () => {
      await hold("odd-0");
      expect([(await read("odd-0")).status, errorOf(await read("odd-0")).message]).toEqual([
        404,
        expect.stringContaining("the registry cannot read it"),
      ]);
      expect((await wharf.remove("odd-0")).status).toBe(202);
      expect((await wharf.push(image("instead"), "odd-0")).status).toBe(201);
      expect((await read("odd-0")).status).toBe(404); // It does not say what it takes.
      await plantManifest(wharf.registry, `${HALF}0`, { tag: "odd-0" });
    });

    test("the search for its source ends at once, and says why", async () => {
      const digest = await hold("odd-0");
      await enqueueSearch(wharf.db, repository, [digest], { by: "", withLayers: true });
      const search = searchOf(wharf);
      await search.start();
      try {
        await eventually("the search has ended", async () => (await searched()) !== null);
        expect(await searched()).toMatchObject({ attempts: 1, outcome: "none" });
      } finally {
        await search.stop();
      }
    });

    const searched = async () => {
      const { rows } = await wharf.db.query<{ attempts: number; outcome: string }>(
        "select attempts, outcome from ledger.scm_search where outcome is not null",
      );
      return rows[0] ?? null;
    };
  },
);

function searchOf(wharf: Wharf) {
  const { url: registryUrl } = wharf.registry;
  const authorization = () => "Bearer anything";
  const upstream = registryUpstream(registryUrl, authorization);
  const reader = registryReader({
    keptManifest: (repository, digest) => readManifest(wharf.db, repository, digest),
    registryUrl,
    authorization,
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
  });
  const metrics = scmMetrics(new Registry());
  return sourceSearch(
    { db: wharf.db, log: SILENT, reader, metrics, limits: SEARCH_LIMITS, withLayers: true },
    { lookMilliseconds: 5, leaseSeconds: 60, backoffSeconds: 0 },
  );
}
