import { gzipSync } from "node:zlib";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import type { ImageReader } from "#gateway/scm/find-source.js";
import { registryReader } from "#gateway/scm/registry-reader.js";
import { scmMetrics } from "#gateway/scm/scm-metrics.js";
import { SEARCH_LIMITS } from "#gateway/scm/search-limits.js";
import { sourceSearch } from "#gateway/scm/source-search.js";
import { takeSearch } from "#gateway/scm/sql/scm-search.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { gzipLayer, tarOf } from "#tests/support/tar-layers.js";
import { uploadImage, type ImageContent } from "./support/blobs.js";
import { index, signatureLayer, image, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "moving", tags: ["*-SNAPSHOT"], effect: "mutable" },
  { id: "known-source", scmSource: "required", tags: ["strict-*"] },
] as const;
const SOURCE = {
  url: "git:git@git.example:alpha/app.git",
  revision: "cd76859",
  author: "alice",
  status: " M build.gradle",
};
const WORDS = {
  "org.opencontainers.image.source": "https://git.example/alpha/app",
  "org.opencontainers.image.revision": "cd76859",
};
const NAMED = { url: "https://git.example/alpha/app", revision: "cd76859", author: "", status: "" };
const HEADER = encodeURIComponent(JSON.stringify(SOURCE));
const MIB = 1024 * 1024;

describe.each(registryPrograms())("the source of an image, registry $version", (program) => {
  let wharf: Wharf;
  let reader: ImageReader;
  const running: Component[] = [];
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
    const { url: registryUrl } = wharf.registry;
    const authorization = () => "Bearer anything";
    const upstream = registryUpstream(registryUrl, authorization);
    reader = registryReader({
      keptManifest: (repository, digest) => readManifest(wharf.db, repository, digest),
      registryUrl,
      authorization,
      upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    });
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    // What a test leaves to be looked for is no affair of the next.
    await wharf.db.query("delete from ledger.scm_search");
  });
  afterAll(() => wharf.stop());

  const upload = (name: string, content: ImageContent = {}) =>
    uploadImage(wharf.registry.url, name, content);
  const search = async (how: { reader?: ImageReader; leaseSeconds?: number } = {}) => {
    const metrics = scmMetrics(new Registry());
    const limits = { ...SEARCH_LIMITS, bytes: 8 * MIB };
    const one = sourceSearch(
      {
        db: wharf.db,
        log: SILENT,
        reader: how.reader ?? reader,
        metrics,
        limits,
        withLayers: true,
      },
      { lookMilliseconds: 5, leaseSeconds: how.leaseSeconds ?? 60, backoffSeconds: 0 },
    );
    await one.start();
    running.push(one);
    return { ...one, metrics };
  };
  const sourceOf = async (tag: string) => {
    const path = `/api/v1/repositories/${REPOSITORY}/tags/${tag}/scm-source`;
    const answer = await wharf.ask(["pull"], path);
    return { status: answer.status, body: JSON.parse(answer.body.toString()) as object };
  };
  const eventuallyKnown = (tag: string) =>
    eventually(`the source of ${tag} is known`, async () => (await sourceOf(tag)).status === 200);
  const pushWith = async (
    { text, digest, mediaType }: TestManifest,
    tag: string | null,
    { header = HEADER, trusted = true } = {},
  ): Promise<Answer> => {
    const access = [{ type: "repository", name: REPOSITORY, actions: ["pull", "push"] as const }];
    const token = await wharf.authority.sign({ access, extra: trusted ? { trusted } : {} });
    const headers = {
      Authorization: `Bearer ${token}`,
      "Content-Type": mediaType,
      "X-SCM-Source": header,
    };
    const target = `/v2/${REPOSITORY}/manifests/${tag ?? digest}`;
    return ask(wharf.gateways[0].url, target, { method: "PUT", headers, body: text });
  };

  test("comes with a trusted pusher's header, in Pier One's form, on record and in the event", async () => {
    const pushed = await upload("header");
    expect((await pushWith(pushed, "header-1")).status).toBe(201);
    const { status, body } = await sourceOf("header-1");
    expect([status, body]).toEqual([
      200,
      {
        ...SOURCE,
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        origin: "header",
        digest: pushed.digest,
      },
    ]);
    const entry = (await wharf.audited("tag.pushed")).find(({ tag }) => tag === "header-1");
    expect(entry?.detail["scmSource"]).toEqual(SOURCE);
    expect(await wharf.gateways[0].metrics()).toMatch(/scm_sources_total\{origin="header"\} [1-9]/);
  });

  test("is not taken from a header of anybody else, and the push is refused", async () => {
    const answer = await pushWith(await upload("untrusted"), "untrusted", { trusted: false });
    expect(answer.status).toBe(403);
    expect(errorOf(answer)).toMatchObject({ code: "DENIED" });
    expect(await wharf.atRegistry("untrusted")).toBe(404);
  });

  test("in a header that cannot be understood is refused, and nothing is stored", async () => {
    const answer = await pushWith(await upload("malformed"), "malformed", { header: "%7B" });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: "UNSUPPORTED" });
    expect(await wharf.atRegistry("malformed")).toBe(404);
  });

  test("is added, or replaced, by a trusted repeat of the push alone", async () => {
    const pushed = await upload("repeat", { annotations: WORDS });
    await wharf.push(pushed, "repeat");
    expect(await sourceOf("repeat")).toMatchObject({ body: { ...NAMED, origin: "annotation" } });
    expect((await pushWith(pushed, "repeat")).status).toBe(201);
    expect(await sourceOf("repeat")).toMatchObject({ body: { ...SOURCE, origin: "header" } });
    const other = encodeURIComponent(JSON.stringify({ ...SOURCE, revision: "another" }));
    await pushWith(pushed, "repeat", { header: other });
    await wharf.push(pushed, "repeat");
    expect(await sourceOf("repeat")).toMatchObject({ body: { revision: "cd76859" } });
  });

  test.each([
    ["a repeat of the push", "replaced-1", "replaced-1"],
    ["another tag of the image", "replaced-2", "replaced-2-too"],
    ["a push by digest", "replaced-3", null],
  ])("that a header replaces is on record, once: %s", async (_how, tag, again) => {
    const pushed = await upload(tag, { annotations: { ...WORDS, tag } });
    await wharf.push(pushed, tag);
    for (let times = 0; times < 2; times += 1)
      expect((await pushWith(pushed, again)).status).toBe(201);
    const entries = await wharf.audited("source.replaced");
    expect(entries.filter(({ digest }) => digest === pushed.digest)).toMatchObject([
      {
        repository: REPOSITORY,
        tag: again,
        actor: { kind: "oauth2" },
        detail: { scmSource: SOURCE, previous: { ...NAMED, origin: "annotation" } },
      },
    ]);
  });

  test("that a header repeats, or first names, replaces nothing on record", async () => {
    const repeated = await upload("repeated words", { annotations: WORDS });
    await wharf.push(repeated, "repeated-words");
    await pushWith(repeated, "repeated-words", {
      header: encodeURIComponent(JSON.stringify(NAMED)),
    });
    expect(await sourceOf("repeated-words")).toMatchObject({ body: { origin: "header" } });
    const named = await upload("named late");
    await wharf.push(named, "named-late");
    await pushWith(named, "named-late");
    const digests = (await wharf.audited("source.replaced")).map(({ digest }) => digest);
    expect(digests).not.toContain(repeated.digest);
    expect(digests).not.toContain(named.digest);
  });

  test("counts for every tag of the manifest, pushed by digest too", async () => {
    const pushed = await upload("by digest");
    expect((await pushWith(pushed, null)).status).toBe(201);
    await wharf.push(pushed, "by-digest");
    expect(await sourceOf("by-digest")).toMatchObject({ body: { origin: "header" } });
  });

  test("in annotations is known at once, and in the event", async () => {
    await wharf.push(await upload("annotated", { annotations: WORDS }), "annotated");
    expect(await sourceOf("annotated")).toMatchObject({ status: 200, body: NAMED });
    const entry = (await wharf.audited("tag.pushed")).find(({ tag }) => tag === "annotated");
    expect(entry?.detail["scmSource"]).toEqual(NAMED);
  });

  test("in labels, and in labels of an index's image, is found after the push", async () => {
    const labelled = await upload("labelled", { labels: WORDS });
    await wharf.push(labelled, "labelled");
    await wharf.push(index("labelled", labelled), "labelled-index");
    expect(await sourceOf("labelled")).toMatchObject({
      status: 404,
      body: { errors: [{ code: "NOT_FOUND", detail: { search: "waiting" } }] },
    });
    const { metrics } = await search();
    await eventuallyKnown("labelled");
    await eventuallyKnown("labelled-index");
    expect(await sourceOf("labelled")).toMatchObject({ body: { ...NAMED, origin: "label" } });
    const { values } = await metrics.sources.get();
    expect(values.find(({ labels }) => labels.origin === "label")?.value).toBe(2);
  });

  test("in a file of a layer is found after the push", async () => {
    const layer = await gzipLayer([{ name: "scm-source.json", content: JSON.stringify(SOURCE) }]);
    await wharf.push(await upload("file", { layers: [layer] }), "file");
    await search();
    await eventuallyKnown("file");
    expect(await sourceOf("file")).toMatchObject({ body: { ...SOURCE, origin: "file" } });
  });

  test("of a tag that stood at the registry before is found, but not in layers", async () => {
    const file = { name: "scm-source.json", content: JSON.stringify(SOURCE) };
    const layers = [await gzipLayer([file, { name: "adopted", content: "" }])];
    await wharf.writeAtRegistry(await upload("old label", { labels: WORDS }), "old-label");
    await wharf.writeAtRegistry(await upload("old file", { layers }), "old-file");
    for (const tag of ["old-label", "old-file"]) await wharf.describe(tag);
    await search();
    await eventuallyKnown("old-label");
    await eventuallyNone("old-file");
    await wharf.push(await upload("old file", { layers }), "old-file-again");
    await eventuallyKnown("old-file");
  });

  test("is given up within bounds where a layer is a bomb, and that is final", async () => {
    const bomb = gzipSync(await tarOf([{ name: "zeros", content: Buffer.alloc(64 * MIB) }]));
    const before = process.memoryUsage().arrayBuffers;
    await wharf.push(await upload("bomb", { layers: [bomb] }), "bomb");
    await search();
    await eventuallyNone("bomb");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(48 * MIB);
    const { rows } = await wharf.db.query<{ last_error: string; attempts: number }>(
      `select last_error, attempts from ledger.scm_search where outcome = 'none'
       and last_error like 'given up%'`,
    );
    expect(rows).toEqual([
      { last_error: `given up: more than ${8 * MIB} bytes of decompressed layers`, attempts: 1 },
    ]);
  });

  test("is found by another gateway when the one that looked for it was lost", async () => {
    const pushed = await upload("taken over", { labels: WORDS });
    await wharf.push(pushed, "taken-over");
    const lost = await takeSearch(wharf.db, "7f0f8a52-6d2a-4d63-8b5c-1f4c6a1f0b11", 1);
    expect(lost).toMatchObject({ digest: pushed.digest, attempts: 1 });
    await search();
    await eventuallyKnown("taken-over");
  });

  test("is looked for once, however many gateways look", async () => {
    const reading = gate();
    let reads = 0;
    const slow: ImageReader = {
      ...reader,
      blob: async (...what) => {
        reads += 1;
        await reading.opened;
        return reader.blob(...what);
      },
    };
    await wharf.push(await upload("once", { labels: WORDS }), "once");
    const both = [await search({ reader: slow }), await search({ reader: slow })];
    await eventually("one of them reads", () => reads > 0);
    reading.open();
    await eventuallyKnown("once");
    expect(reads).toBe(1);
    expect(both).toHaveLength(2);
  });

  test("is left to others at once by a gateway that stops", async () => {
    const reading = gate();
    const stuck: ImageReader = {
      ...reader,
      blob: (_repository, _digest, signal) => {
        reading.open();
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        });
      },
    };
    const pushed = await upload("given back", { labels: WORDS });
    await wharf.push(pushed, "given-back");
    const stopping = await search({ reader: stuck });
    await reading.opened;
    await stopping.stop();
    const { rows } = await wharf.db.query(
      `select attempts, claim, due_at <= clock_timestamp() as due from ledger.scm_search
       where digest = $1`,
      [pushed.digest],
    );
    expect(rows).toEqual([{ attempts: 0, claim: null, due: true }]);
    await search();
    await eventuallyKnown("given-back");
  });

  test("is looked for again after the registry was away", async () => {
    let failures = 0;
    const failing: ImageReader = {
      ...reader,
      blob: (...what) => {
        failures += 1;
        return failures < 3 ? Promise.reject(new Error("away")) : reader.blob(...what);
      },
    };
    await wharf.push(await upload("retried", { labels: WORDS }), "retried");
    await search({ reader: failing });
    await eventuallyKnown("retried");
    expect(failures).toBe(3);
  });

  test("is given up for good after eight attempts, with the last error", async () => {
    const failing: ImageReader = { ...reader, blob: () => Promise.reject(new Error("broken")) };
    await wharf.push(await upload("hopeless"), "hopeless");
    await search({ reader: failing });
    await eventually("it is given up", async () => {
      const { rows } = await wharf.db.query<{ last_error: string; attempts: number }>(
        `select last_error, attempts from ledger.scm_search where outcome = 'given-up'`,
      );
      return rows[0]?.last_error === "broken" && rows[0].attempts === 8;
    });
    expect(await sourceOf("hopeless")).toMatchObject({ status: 404 });
  });

  describe("where a rule demands one", () => {
    test("a push without is refused with how to add it, on record, and nothing is written", async () => {
      const answer = await wharf.push(await upload("none"), "strict-none");
      expect(answer.status).toBe(403);
      expect(answer.body.length).toBeLessThan(256);
      expect(errorOf(answer)).toEqual({
        code: "DENIED",
        message:
          "SCM source required by rule known-source: add labels org.opencontainers.image.source and .revision, or /scm-source.json (docs/scm-source.md)",
        detail: { note: "not named" },
      });
      expect((await wharf.audited("tag.refused")).at(-1)).toMatchObject({
        tag: "strict-none",
        reason: "scm-source-missing",
        detail: { rule: "known-source" },
      });
      expect(await wharf.atRegistry("strict-none")).toBe(404);
      const { rows } = await wharf.db.query(`select from ledger.tag where name = 'strict-none'`);
      expect(rows).toEqual([]);
    });

    test("a push with a file that does not do is refused with what is the matter with it", async () => {
      for (const [content, why] of [
        ["no JSON", "is no JSON"],
        ['{"revision":"a"}', "url: must be a string"],
      ] as const) {
        const layers = [await gzipLayer([{ name: "scm-source.json", content }])];
        const answer = await wharf.push(await upload(why, { layers }), "strict-wrong");
        const note = `scm-source.json: ${why}`;
        expect(errorOf(answer)).toEqual({
          code: "DENIED",
          message: `SCM source required by rule known-source: ${note} (docs/scm-source.md)`,
          detail: { note },
        });
      }
    });

    test("annotations, labels, a layer's file and a trusted header are all accepted, at once", async () => {
      const file = { name: "./scm-source.json", content: JSON.stringify(SOURCE) };
      const layers = [await gzipLayer([file])];
      await wharf.push(await upload("a", { annotations: WORDS }), "strict-annotation");
      await wharf.push(await upload("l", { labels: WORDS }), "strict-label");
      await wharf.push(await upload("f", { layers }), "strict-file");
      await pushWith(await upload("h"), "strict-header");
      for (const origin of ["annotation", "label", "file", "header"]) {
        const tag = `strict-${origin}`;
        expect(await sourceOf(tag)).toMatchObject({ status: 200, body: { origin } });
        const entry = (await wharf.audited("tag.pushed")).find((one) => one.tag === tag);
        expect(entry?.detail).toHaveProperty("scmSource.revision", "cd76859");
      }
    });

    test("a tag tells so before anybody pushes it", async () => {
      const { body } = await wharf.describe("strict-not-pushed");
      expect(body).toHaveProperty("errors.0.detail.scmSourceRequired", true);
    });

    test("what a tag means already may be pushed again", async () => {
      const old = await upload("old");
      await wharf.writeAtRegistry(old, "strict-old");
      await wharf.describe("strict-old");
      expect((await wharf.push(old, "strict-old")).status).toBe(201);
    });

    test("a tag that is held is refused for that", async () => {
      await wharf.push(await upload("held", { annotations: WORDS }), "strict-held");
      expect((await wharf.push(await upload("other"), "strict-held")).status).toBe(409);
    });

    test("an image that is incomplete is refused as one without", async () => {
      const whole = await upload("incomplete");
      const lost = `"digest":"sha256:${"0".repeat(64)}"`;
      const text = whole.text.replace(/"digest":"sha256:[0-9a-f]{64}"/, () => lost);
      expect((await wharf.push({ ...whole, text }, "strict-incomplete")).status).toBe(403);
    });
  });

  test("is not demanded of signatures", async () => {
    const tag = `${image("signed").digest.replace(":", "-")}.sig`;
    const signed = image("signatures", { layers: [signatureLayer("one")] });
    expect((await wharf.push(signed, tag)).status).toBe(201);
  });

  async function eventuallyNone(tag: string): Promise<void> {
    await eventually(`nothing is found of ${tag}`, async () => {
      const { body } = await sourceOf(tag);
      return JSON.stringify(body).includes(`"search":"none"`);
    });
  }
});
