import { describe, expect, test } from "@jest/globals";
import { keptManifest } from "#gateway/deletion/kept-manifest.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseTag } from "#registry-protocol/tag.js";

const digests = Array.from({ length: 11 }, (_, n) =>
  parseDigest(`sha256:${n.toString(16).padStart(64, "0")}`),
);
const tags = digests.map((_digest, n) => ({ tag: parseTag(`tag-${n}`), why: "it is locked" }));

describe("a manifest that is not deleted", () => {
  test("is none where nothing is in the way", () => {
    expect(keptManifest({ tags: [], referrers: [] })).toBeNull();
  });

  test("names the tags that need it, ten at most, and no referrers where there are none", () => {
    const kept = keptManifest({ tags, referrers: [] });
    expect(kept?.message).toMatch(/: tag-0 \(it is locked\), .*tag-9 \(it is locked\) and more$/);
    expect(kept?.detail).toStrictEqual({
      ...{ tags: tags.slice(0, 10).map(({ tag }) => tag), more: true },
    });
    expect(keptManifest({ tags: tags.slice(0, 10), referrers: [] })?.detail).toMatchObject({
      more: false,
    });
  });

  test("names what has it as its subject, ten at most", () => {
    const kept = keptManifest({ tags: [], referrers: digests });
    expect(kept?.message).toMatch(/^it is the subject of sha256:0+, .* and more: delete/);
    expect(kept?.detail).toStrictEqual({
      ...{ tags: [], more: false, referrers: digests.slice(0, 10) },
    });
  });
});
