import { describe, expect, test } from "@jest/globals";
import { lookForCache, withRefusedCache } from "#gateway/proxy/look-for-cache.js";
import { refusedUrls, withRefusedUrls } from "#gateway/proxy/refused-urls.js";
import { faultOfClocks, TOKEN_SERVER } from "#gateway/proxy/token-clock.js";
import { MAX_MANIFEST_BYTES } from "#gateway/proxy/manifest-body.js";
import type { WholeAnswer } from "#gateway/upstream/whole-request.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { EMPTY_CONFIG, imageText, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";

const digest = (name: string) => digestOf(Buffer.from(name));
const layer = (name: string, ...urls: readonly string[]) => ({
  mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ...{ digest: digest(name), size: 7 },
  ...(urls.length === 0 ? {} : { urls }),
});
const unknown = (...names: readonly string[]) =>
  names.map((name) => ({ code: "MANIFEST_BLOB_UNKNOWN", detail: digest(name) }));
const answer = (status: number, errors: readonly object[]): WholeAnswer => ({
  ...{ status, headers: new Headers(), body: Buffer.from(JSON.stringify({ errors })) },
});
function reading(text: string): Manifest {
  const found = readingOf(Buffer.from(text));
  if (found.kind === "unclear") throw new Error(found.reason);
  return found;
}
const told = ({ status, body }: WholeAnswer) => [
  status,
  (JSON.parse(body.toString()) as { errors: { code: string; message?: string }[] }).errors[0],
];

describe("urls of layers that the registry does not take", () => {
  const image = reading(
    imageText({ layers: [layer("kept"), layer("far", "https://example.org/far")] }),
  );
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] });

  test("are named, and the answer is final", () => {
    const refused = answer(500, unknown("far"));
    expect(refusedUrls(refused, image)?.digest).toBe(digest("far"));
    expect(told(withRefusedUrls(refused, image))).toEqual([
      400,
      expect.objectContaining({
        code: "MANIFEST_INVALID",
        message: expect.stringContaining("urls of layers[1]") as unknown,
      }),
    ]);
  });

  test.each<[string, WholeAnswer, Manifest]>([
    ["of another status", answer(404, unknown("far")), image],
    ["about an index", answer(500, unknown("far")), reading(index)],
    ["about a layer without urls", answer(500, unknown("kept")), image],
    ["about what is no part of it", answer(500, unknown("else")), image],
    ["of another kind", answer(500, [{ code: "UNKNOWN", detail: digest("far") }]), image],
    [
      "about a layer that is also there without urls",
      answer(500, unknown("far")),
      reading(imageText({ layers: [layer("far"), layer("far", "https://example.org/far")] })),
    ],
  ])("are not what an answer is about that is %s", (_what, said, manifest) => {
    expect(refusedUrls(said, manifest)).toBeNull();
    expect(withRefusedUrls(said, manifest)).toBe(said);
  });
});

describe("a build cache that is an index of layers", () => {
  const CONFIG = { ...EMPTY_CONFIG, mediaType: "application/vnd.buildkit.cacheconfig.v0" };
  const cache = reading(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: INDEX_TYPE },
      manifests: [{ ...layer("blob"), mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" }, CONFIG], // prettier-ignore
    }),
  );
  const image = reading(imageText());

  test("is refused with what to do, where the registry refuses its parts", () => {
    expect(told(withRefusedCache(answer(404, unknown("blob")), cache))).toEqual([
      400,
      expect.objectContaining({
        message: expect.stringContaining("image-manifest=true") as unknown,
      }),
    ]);
  });

  test.each<[string, WholeAnswer, Manifest]>([
    ["took it", answer(201, unknown("blob")), cache],
    ["failed", answer(500, unknown("blob")), cache],
    ["refused something else", answer(404, unknown("blob")), image],
    ["said something else, too", answer(404, [...unknown("blob"), { code: "DENIED" }]), cache],
    ["said nothing", answer(404, []), cache],
  ])("is answered as the registry does where that %s", (_what, said, manifest) => {
    expect(withRefusedCache(said, manifest)).toBe(said);
  });

  describe("needs each part", () => {
    const REPOSITORY = parseRepositoryName("alpha/app");
    const look = (
      size: () => Promise<number | null>,
      get: () => Promise<unknown> = () => Promise.resolve(null),
    ) => {
      // prettier-ignore
      const asked: Digest[] = [];
      const upstream = {
        blobSize: size,
        getManifest: (_repository: unknown, of: Digest) => {
          asked.push(of);
          return get();
        },
      };
      return { asked, done: lookForCache(upstream as never, REPOSITORY, cache) };
    };
    const has = (size: number | null) => () => Promise.resolve(size);

    test("to be there, and to be no manifest", async () => {
      await expect(look(has(7)).done).resolves.toBeUndefined();
      await expect(look(has(null)).done).rejects.toMatchObject({ code: "MANIFEST_PART_UNKNOWN" });
      const manifest = () => Promise.resolve({ digest: digest("blob") });
      await expect(look(has(7), manifest).done).rejects.toMatchObject({ code: "MANIFEST_INVALID" });
    });

    test("but does not read one that is too large for a manifest", async () => {
      const { asked, done } = look(has(MAX_MANIFEST_BYTES + 1), () => Promise.reject(new Error()));
      await expect(done).resolves.toBeUndefined();
      expect(asked).toEqual([]);
    });

    test("takes what cannot be read for none, and what cannot be asked for not decided", async () => {
      const away = () => Promise.reject(new Error("connection refused"));
      await expect(look(away).done).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(look(has(7), away).done).rejects.toMatchObject({ code: "UNAVAILABLE" });
      const unreadable = () => Promise.reject(new Unreadable("it is a blob"));
      await expect(look(has(7), unreadable).done).resolves.toBeUndefined();
    });
  });
});

describe("a token whose time is not right by our clock", () => {
  const NOW = { seconds: 10_000, leewaySeconds: 10 };
  const clocks = (aheadSeconds: number | null, message: string | null = "clocks differ") => ({
    note: () => undefined,
    comparison: () => ({
      own: "unknown" as const,
      differing:
        aheadSeconds === null ? [] : [{ name: TOKEN_SERVER, aheadSeconds, uncertainSeconds: 5 }],
      message,
    }),
  });
  const fault = (ahead: number | null, nbf: number, exp: number, message?: string | null) =>
    faultOfClocks(clocks(ahead, message) as never, { nbf, exp }, NOW)?.code ?? null;

  test("is no fault of its bearer where it is right by the token server's", () => {
    expect(fault(600, 10_500, 10_900)).toBe("UNAVAILABLE");
    expect(fault(-600, 9_000, 9_500)).toBe("UNAVAILABLE");
    expect(fault(600, 10_615, 10_900)).toBe("UNAVAILABLE");
    expect(fault(-600, 9_000, 9_386)).toBe("UNAVAILABLE");
  });

  test("is one where it is wrong by both, or where nobody says that clocks differ", () => {
    expect(fault(600, 10_616, 10_900)).toBeNull();
    expect(fault(-600, 9_000, 9_385)).toBeNull();
    expect(fault(null, 10_500, 10_900)).toBeNull();
    expect(fault(600, 10_500, 10_900, null)).toBeNull();
  });
});
