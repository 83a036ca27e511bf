import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { digestOf } from "#registry-protocol/digest.js";
import { JsonProblem } from "#registry-protocol/json/json-value.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { layersToLookFor } from "#registry-protocol/manifest/foreign-layers.js";
import { MANIFEST_BOUNDS } from "#registry-protocol/manifest/bounds.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { manifestReferences } from "#registry-protocol/manifest/references.js";
import { uploadBlob } from "#tests/integration/tags/support/blobs.js";
import { REPOSITORY } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { ask } from "#tests/support/http-client.js";
import { imageText, IMAGE_TYPE } from "#tests/support/manifest-texts.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import {
  trickManifests,
  type KnownDigests,
  type TrickManifest,
} from "./support/manifest-tricks.js";

const RUNS = process.env["ATTACKS"] === "all" ? 20_000 : 600;
/** Each run is a request to the registry, a few milliseconds where the machine has nothing else to do. */
const MOST_MILLISECONDS = 60_000 + RUNS * 60;

/** What the registry's own reader sees; `null` when it does not take the manifest. */
type Seen = { readonly missing: readonly string[] } | null;

describe.each(registryPrograms())(
  "the reader of manifests beside registry $version's own",
  ({ file }) => {
    let registry: TestRegistry;
    let digests: KnownDigests;
    beforeAll(async () => {
      registry = await startStock(file);
      await uploadBlob(registry.url, Buffer.from("{}"));
      const image = imageText();
      await put(registry.url, { contentType: IMAGE_TYPE, text: image });
      digests = {
        standing: [digestOf(Buffer.from("{}")), digestOf(Buffer.from(image))],
        missing: ["1", "2", "3", "4"].map((text) => digestOf(Buffer.from(text))),
      };
    });
    afterAll(() => registry.stop());

    test(
      "sees the same in all that both take, and in what stands nothing less",
      async () => {
        const counts = { both: 0, named: 0, onlyRegistry: 0, onlyGateway: 0, neither: 0 };
        const isMissing = (digest: string) => digests.missing.includes(digest);
        await fc.assert(
          fc.asyncProperty(trickManifests(digests), async (manifest) => {
            const ours = read(manifest);
            const { status, seen } = await put(registry.url, manifest);
            if (seen === null) {
              counts[ours === null ? "neither" : "onlyGateway"] += 1;
              // What passes the gateway never looks like an outage; URLs are the registry's to judge.
              if (ours !== null && !hasUrls(ours)) expect(status).toBeLessThan(500);
              return;
            }
            const missing = [...new Set(seen.missing)].filter(isMissing).sort();
            if (ours === null) {
              counts.onlyRegistry += 1;
              const standing = readStanding(Buffer.from(manifest.text), manifest.contentType);
              const mayName = manifestReferences(atOnce(standing)).map(({ target }) => target);
              expect(mayName).toEqual(expect.arrayContaining(missing));
              return;
            }
            counts.both += 1;
            counts.named += missing.length;
            // A registry 2.8 looks for nothing that has URLs: the gateway does.
            const lookedFor = layersToLookFor(ours).map(({ digest }) => digest);
            const known = new Set([...missing, ...lookedFor.filter(isMissing)]);
            expect(named(ours).filter(isMissing)).toEqual([...known].sort());
          }),
          { numRuns: RUNS },
        );
        // Otherwise nothing would have been compared.
        expect(counts.both).toBeGreaterThan(RUNS / 10);
        expect(counts.named).toBeGreaterThan(RUNS / 10);
        expect(counts.onlyRegistry).toBeGreaterThan(0);
      },
      MOST_MILLISECONDS,
    );
  },
);

function read({ contentType, text }: TrickManifest): Manifest | null {
  try {
    return atOnce(readManifest(Buffer.from(text), contentType, MANIFEST_BOUNDS));
  } catch (error) {
    if (error instanceof JsonProblem) return null;
    throw error;
  }
}

/** What the registry looks for: children or blobs, and no subject. */
function named(manifest: Manifest): string[] {
  return manifestReferences(manifest)
    .filter(({ kind }) => kind !== "subject")
    .map(({ target }) => target)
    .sort();
}

function hasUrls(manifest: Manifest): boolean {
  return manifest.kind === "image" && manifest.layers.some(({ urls }) => urls.length > 0);
}

async function put(
  url: string,
  { contentType, text }: TrickManifest,
): Promise<{ status: number; seen: Seen }> {
  const content = Buffer.from(text);
  const target = `/v2/${REPOSITORY}/manifests/${digestOf(content)}`;
  const headers = { "Content-Type": contentType };
  const { status, body } = await ask(url, target, { method: "PUT", headers, body: content });
  if (status === 201) return { status, seen: { missing: [] } };
  const { errors } = JSON.parse(body.toString()) as {
    errors: { code: string; detail?: unknown }[];
  };
  const isTaken = status < 500 && errors.every(({ code }) => code === "MANIFEST_BLOB_UNKNOWN");
  return { status, seen: isTaken ? { missing: errors.map(({ detail }) => String(detail)) } : null };
}
