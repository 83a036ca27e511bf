import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { TestRegistry } from "#tests/support/registry.js";
import type { Answer } from "#tests/support/http-client.js";
import { image, IMAGE_TYPE, index, INDEX_TYPE, REPOSITORY } from "./support/manifests.js";
import type { TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

/** How much of a manifest's bytes a killed registry, or a full disk, has left behind. */
const LEFT = [
  ["nothing", 0],
  ["a part", 40],
] as const;

const BOTH = `${IMAGE_TYPE}, ${INDEX_TYPE}`;

describe.each(registryPrograms())(
  "a manifest that the registry believes to have, registry $version",
  (program) => {
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, []);
    });
    afterAll(() => wharf.stop());

    const read = (reference: string, accept: string | null, method = "GET"): Promise<Answer> =>
      wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${reference}`, {
        method,
        headers: accept === null ? {} : { Accept: accept },
      });

    describe.each(LEFT)("and of which it has %s", (left, bytes) => {
      test.each([BOTH, "*/*", null])(
        "is pulled as it was pushed, and pushed again (Accept: %s)",
        async (accept) => {
          const name = `${left.replace(" ", "-")}-${String(accept).length}`;
          const manifest = image(name);
          await cut(wharf.registry, manifest, bytes);
          for (let times = 0; times < 2; times += 1) {
            expect((await wharf.push(manifest, name)).status).toBe(201);
            for (const reference of [name, manifest.digest]) {
              const answer = await read(reference, accept);
              expect(answer.status).toBe(200);
              expect(answer.body.toString()).toBe(manifest.text);
              expect(answer.headers["content-type"]).toBe(IMAGE_TYPE);
              expect((await read(reference, accept, "HEAD")).status).toBe(200);
            }
          }
        },
      );

      test("is a child like any other", async () => {
        const child = image(`child of ${left}`);
        await cut(wharf.registry, child, bytes);
        expect((await wharf.push(child)).status).toBe(201);
        const parent = index(`index of ${left}`, child);
        await cut(wharf.registry, parent, bytes);
        const tag = `index-${bytes}`;
        expect((await wharf.push(parent, tag)).status).toBe(201);
        expect((await read(tag, BOTH)).body.toString()).toBe(parent.text);
        expect((await read(child.digest, BOTH)).body.toString()).toBe(child.text);
      });
    });
  },
);

/** As it is left when the registry ends between making the file and writing it; no request makes it write that again. */
async function cut(
  { storage }: TestRegistry,
  { digest, text }: TestManifest,
  bytes: number,
): Promise<void> {
  const hex = digest.slice("sha256:".length);
  const folder = join(storage ?? "", "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "data"), text.slice(0, bytes));
}
