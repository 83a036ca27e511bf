import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import type { Action } from "#registry-protocol/scope.js";
import { ask, errorOf, type Answer, type AskOptions } from "#tests/support/http-client.js";
import { uploadBlob } from "./support/blobs.js";
import {
  CONFIG,
  image,
  index,
  manifestOf,
  IMAGE_TYPE,
  INDEX_TYPE,
  type TestManifest,
} from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const RULES = [{ id: "all", tags: ["*"], effect: "immutable", deletable: true }] as const;

describe.each(registryPrograms())(
  "latest of a registry that existed before, $version",
  (program) => {
    let wharf: Wharf;
    let old: TestManifest, nine: TestManifest, ten: TestManifest;
    /** Each test has its own. */
    let repository = "";
    let count = 0;
    beforeAll(async () => {
      wharf = await startWharf(program.file, RULES);
    });
    beforeEach(async () => {
      repository = `alpha/app-${(count += 1)}`;
      await uploadBlob(wharf.registry.url, Buffer.from(CONFIG), repository);
      old = await made("2019-03-01T10:00:00Z");
      nine = await made("2025-02-01T10:00:00.123456789Z");
      ten = await made("2026-08-01T12:00:00+02:00");
      await write(old, "0.1");
      await write(ten, "10.0");
      await write(nine, "9.0");
    });
    afterAll(() => wharf.stop());

    test("is the registry's own, and no reading of other tags moves it", async () => {
      await write(nine, "latest");
      expect(await latest()).toBe(nine.digest);
      for (const tag of ["0.1", "10.0", "9.0", "10.0", "0.1"]) {
        expect((await read(tag)).status).toBe(200);
        for (const gateway of [0, 1]) expect(await latest(gateway)).toBe(nine.digest);
      }
      expect(await describeLatest()).toMatchObject({
        status: 200,
        body: { newest: "latest", digest: nine.digest, origin: "adopted", pushedBy: "" },
      });
    });

    test("is so also where another tag was read first, and is on record once", async () => {
      await write(ten, "latest");
      expect((await read("0.1")).status).toBe(200);
      const all = await Promise.all(Array.from({ length: 20 }, (_, i) => latest(i % 2)));
      expect(new Set(all)).toEqual(new Set([ten.digest]));
      expect(await recorded()).toMatchObject([
        {
          actor: { kind: "system" },
          repository,
          tag: "latest",
          digest: ten.digest,
          reason: "the registry's own latest, and nothing was pushed through the gateway",
        },
      ]);
    });

    test("stays what it was found to be, whatever is written to it past the gateway", async () => {
      await write(nine, "latest");
      expect(await latest()).toBe(nine.digest);
      await write(old, "latest");
      expect(await latest(1)).toBe(nine.digest);
    });

    test("is without one of its own that whose image was made last, found in any order", async () => {
      expect((await read("9.0")).status).toBe(200);
      expect((await read("0.1")).status).toBe(200);
      const all = await Promise.all(Array.from({ length: 20 }, (_, i) => latest(i % 2)));
      expect(new Set(all)).toEqual(new Set([ten.digest]));
      await write(await made("2026-11-01T00:00:00Z"), "11.0");
      expect((await read("11.0")).status).toBe(200);
      expect(await latest()).toBe(ten.digest);
      expect(await recorded()).toMatchObject([
        { tag: "10.0", digest: ten.digest, detail: { createdAt: "2026-08-01T10:00:00.000Z" } },
      ]);
    });

    test("is by annotation where the configuration says nothing", async () => {
      const annotations = { "org.opencontainers.image.created": "2026-10-01T00:00:00Z" };
      const chart = image("chart", { annotations });
      await write(chart, "chart");
      await write(image("unknown"), "unknown");
      expect(await latest()).toBe(chart.digest);
    });

    test("is of an index as old as its first image", async () => {
      const newest = await made("2026-10-02T00:00:00Z");
      await write(newest);
      const list = index("list", newest);
      await write(list, "list");
      expect(await latest()).toBe(list.digest);
    });

    test("is of images of one age the one with the highest number", async () => {
      for (const tag of ["v2", "v10", "v9"])
        await write(await made("2026-12-01T00:00:00Z", tag), tag);
      expect(await latest()).toBe((await made("2026-12-01T00:00:00Z", "v10")).digest);
    });

    test("is what was pushed as soon as something is, and again what it was when that is gone", async () => {
      await write(nine, "latest");
      expect(await latest()).toBe(nine.digest);
      const pushed = image("pushed");
      expect((await push(pushed, "0.0.1")).status).toBe(201);
      expect(await latest()).toBe(pushed.digest);
      expect((await remove("0.0.1")).status).toBe(202);
      expect(await latest()).toBe(nine.digest);
    });

    test("is the next newest when the tag that it means is deleted", async () => {
      expect(await latest()).toBe(ten.digest);
      expect((await remove("10.0")).status).toBe(202);
      expect(await latest()).toBe(nine.digest);
    });

    test("keeps the manifest that it means, also when nobody has asked for it before", async () => {
      const own = image("own");
      await write(own, "latest");
      const refused = await remove(own.digest);
      expect([refused.status, errorOf(refused).detail]).toEqual([
        409,
        { tags: ["latest"], more: false },
      ]);
      expect(await latest()).toBe(own.digest);
      expect((await push(image("first"), "1.0")).status).toBe(201);
      expect((await remove(own.digest)).status).toBe(202);
    });

    test("is nothing where there is nothing, and nothing is recorded then", async () => {
      repository = "alpha/nothing";
      expect(await latest()).toBeUndefined();
      expect(await describeLatest()).toMatchObject({ status: 404 });
      expect(await recorded()).toEqual([]);
      await uploadBlob(wharf.registry.url, Buffer.from(CONFIG), repository);
      const first = image("first");
      await write(first, "0.1");
      expect(await latest()).toBe(first.digest);
    });

    /** @returns the digest that it has, if any */
    async function latest(gateway = 0): Promise<string | undefined> {
      const { status, headers } = await read("latest", gateway);
      if (status === 404) return undefined;
      expect(status).toBe(200);
      return String(headers["docker-content-digest"]);
    }

    async function read(tag: string, gateway = 0): Promise<Answer> {
      const Authorization = await wharf.authority.bearer(["pull"], repository);
      const headers = { Authorization, Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}` };
      const target = `/v2/${repository}/manifests/${tag}`;
      return ask(wharf.gateways[gateway]?.url ?? "", target, { headers });
    }

    /** An image whose configuration says when it was made. */
    async function made(created: string, name = ""): Promise<TestManifest> {
      const config = Buffer.from(JSON.stringify({ created, os: "linux", config: {}, name }));
      await uploadBlob(wharf.registry.url, config, repository);
      const digest = digestOf(config);
      const descriptor = { mediaType: CONFIG_TYPE, digest, size: config.length };
      return manifestOf(IMAGE_TYPE, { config: descriptor, layers: [] });
    }

    async function write({ text, digest, mediaType }: TestManifest, reference = digest as string) {
      const headers = { "Content-Type": mediaType };
      const target = `/v2/${repository}/manifests/${reference}`;
      const options = { method: "PUT", headers, body: text };
      expect((await ask(wharf.registry.url, target, options)).status).toBe(201);
    }

    async function push({ text, mediaType }: TestManifest, tag: string): Promise<Answer> {
      const headers = { "Content-Type": mediaType };
      return through(["pull", "push"], `/v2/${repository}/manifests/${tag}`, {
        ...{ method: "PUT", headers, body: text },
      });
    }

    function remove(reference: string): Promise<Answer> {
      return through(["delete"], `/v2/${repository}/manifests/${reference}`, { method: "DELETE" });
    }

    async function describeLatest() {
      const target = `/api/v1/repositories/${repository}/tags/latest`;
      const { status, body } = await through(["pull"], target);
      return { status, body: JSON.parse(body.toString()) as object };
    }

    async function through(actions: readonly Action[], target: string, options: AskOptions = {}) {
      const Authorization = await wharf.authority.bearer(actions, repository);
      const headers = { ...options.headers, Authorization };
      return ask(wharf.gateways[0].url, target, { ...options, headers });
    }

    async function recorded() {
      const entries = await wharf.audited("latest.adopted");
      return entries.filter((entry) => entry.repository === repository);
    }
  },
);
