import { describe, expect, test } from "@jest/globals";
import { growthOf } from "#gateway/ledger/append-only.js";

const A = layer("a", "signature 1");
const A2 = layer("a", "signature 2");
const B = layer("b", "signature 3");

// prettier-ignore
const ROWS: readonly (readonly [title: string, held: unknown, offered: unknown, wanted: string])[] = [
  ["the same entries", index("a"), index("a"), "grows"],
  ["one more entry", index("a"), index("a", "b"), "grows"],
  ["an entry in front", index("a"), index("b", "a"), "grows"],
  ["another order", index("a", "b"), index("b", "a"), "grows"],
  ["a repeated entry once", index("a", "a"), index("a"), "grows"],
  ["the first entries", index(), index("a"), "grows"],
  ["an entry with other annotations in an index", { manifests: [{ digest: "a", annotations: { x: "1" } }] }, index("a"), "grows"],
  ["one entry less", index("a", "b"), index("a"), "entries-missing"],
  ["another entry", index("a"), index("b"), "entries-missing"],
  ["no entries any more", index("a"), index(), "entries-missing"],
  ["one more signature", image(A), image(A, B), "grows"],
  ["one more signature of the same payload", image(A), image(A, A2), "grows"],
  ["annotations in another order", image(layer("a", "s", { y: "1", x: "2" })), image(layer("a", "s", { x: "2", y: "1" })), "grows"],
  ["another signature of the same payload", image(A), image(A2), "entries-missing"],
  ["a signature less", image(A, B), image(B), "entries-missing"],
  ["a signature without its annotations", image(A), image({ digest: "a" }), "entries-missing"],
  ["an image in place of an index", index("a"), image(A), "entries-missing"],
  ["an index in place of an image", image(A), index("a"), "entries-missing"],
  ["an image whose configuration alone differs", { config: { digest: "c" }, layers: [A] }, { config: { digest: "d" }, layers: [A] }, "grows"],
  ["an artifact with one blob more", { blobs: [A] }, { blobs: [A, B] }, "grows"],
  ["something that is no JSON", index("a"), "no json", "cannot-compare"],
  ["anything, after something that is no JSON", "no json", index("a"), "cannot-compare"],
  ["a list", index("a"), [], "cannot-compare"],
  ["entries without a digest", { manifests: [{}] }, { manifests: [{}] }, "cannot-compare"],
];

describe("a tag that may only grow takes", () => {
  test.each(ROWS)("%s", (_title, held, offered, wanted) => {
    const growth = growthOf(bytes(held), bytes(offered));
    expect(growth.grows ? "grows" : growth.reason).toBe(wanted);
  });
});

function index(...digests: readonly string[]) {
  return { manifests: digests.map((digest) => ({ digest })) };
}

function image(...layers: readonly object[]) {
  return { config: { digest: "config" }, layers };
}

function layer(digest: string, signature: string, more: Record<string, string> = {}) {
  return { digest, annotations: { "dev.cosignproject.cosign/signature": signature, ...more } };
}

function bytes(content: unknown): Uint8Array {
  return Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
}
