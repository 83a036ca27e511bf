import { describe, expect, test } from "@jest/globals";
import { defaultImages } from "#gateway/proxy/default-images.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";

const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const AMD64 = digestOf(Buffer.from("amd64"));
const repository = parseRepositoryName("alpha/app");

describe("images in manifest lists", () => {
  test("are looked for once, however many ask for one at once and later", async () => {
    const registry = asked((digest) => listOf(digest));
    const images = defaultImages(registry);
    const digest = digestOf(Buffer.from("list"));
    const found = await Promise.all([1, 2, 3].map(() => images({ repository, digest })));
    expect([...found, await images({ repository, digest })]).toEqual([AMD64, AMD64, AMD64, AMD64]);
    expect(registry.asked).toEqual([digest]);
  });

  test("are looked for again after a failure, and where there was nothing", async () => {
    const answers = [new Error("away"), null, new Unreadable("odd"), "list"] as const;
    const registry = asked((digest) => {
      const answer = answers[registry.asked.length - 1];
      if (answer instanceof Error) throw answer;
      return answer === null ? null : listOf(digest);
    });
    const images = defaultImages(registry);
    const address = { repository, digest: digestOf(Buffer.from("list")) };
    await expect(images(address)).rejects.toThrow("away");
    expect([await images(address), await images(address), await images(address)]).toEqual([
      undefined,
      undefined,
      AMD64,
    ]);
  });

  test("of a thousand lists are known at once, those asked for last", async () => {
    const registry = asked((digest) => listOf(digest));
    const images = defaultImages(registry);
    const ask = (n: number) => images({ repository, digest: digestOf(Buffer.from(`${n}`)) });
    for (let n = 0; n < 1_000; n += 1) await ask(n);
    await ask(0);
    await ask(1_000);
    expect(registry.asked).toHaveLength(1_001);
    await ask(0);
    expect(registry.asked).toHaveLength(1_001);
    await ask(1);
    expect(registry.asked).toHaveLength(1_002);
  });
});

function asked(answer: (digest: Digest) => ReturnType<typeof listOf> | null) {
  const digests: Digest[] = [];
  return {
    asked: digests,
    getManifest: (_repository: string, digest: Digest) => {
      digests.push(digest);
      return new Promise<ReturnType<typeof listOf> | null>((resolve) => {
        resolve(answer(digest));
      });
    },
  };
}

function listOf(digest: Digest) {
  const platform = { os: "linux", architecture: "amd64" };
  const manifests = [{ mediaType: "x/y", digest: AMD64, size: 1, platform }];
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests }));
  return { digest, mediaType: LIST, content, reading: atOnce(readStanding(content, LIST)) };
}
