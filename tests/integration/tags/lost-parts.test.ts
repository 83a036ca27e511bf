import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ANY_LAYER_URL } from "#registry-config/settings.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { uploadBlob, uploadImage } from "./support/blobs.js";
import { lose } from "./support/lost.js";
import { image, index, REPOSITORY, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

let names = 0;
const newName = () => `n-${(names += 1)}`;

describe.each(registryPrograms())("a push again, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [], ANY_LAYER_URL);
  });
  afterAll(() => wharf.stop());

  /** @returns an image with a layer that no other has, pushed under its name */
  const pushed = async (name: string) => {
    const layer = Buffer.from(`layer of ${name}`);
    const manifest = await uploadImage(wharf.registry.url, name, { layers: [layer] });
    expect((await wharf.push(manifest, name)).status).toBe(201);
    return { manifest, layer, digest: digestOf(layer) };
  };
  const blobStatus = async (digest: Digest) => {
    const target = `/v2/${REPOSITORY}/blobs/${digest}`;
    return (await wharf.ask(["pull"], target, { method: "HEAD" })).status;
  };

  test("of an image whose layer is lost is told which, and succeeds when it is there again", async () => {
    const name = newName();
    const { manifest, layer, digest } = await pushed(name);
    expect(await blobStatus(digest)).toBe(200);
    await lose(wharf.registry, digest);
    expect(await blobStatus(digest)).toBe(404);
    const refused = await wharf.push(manifest, name);
    expect(refused.status).toBe(400);
    expect(errorOf(refused)).toMatchObject({ code: "MANIFEST_BLOB_UNKNOWN", detail: digest });
    expect((await wharf.push(manifest)).status).toBe(400);
    await uploadBlob(wharf.registry.url, layer);
    expect((await wharf.push(manifest, name)).status).toBe(201);
    expect((await wharf.push(manifest, name)).status).toBe(201);
  });

  test("of an index whose child is lost puts it back from the ledger, on record", async () => {
    const name = newName();
    const [one, other] = [await pushed(newName()), await pushed(newName())];
    const both = index(name, one.manifest, other.manifest);
    expect((await wharf.push(both, name)).status).toBe(201);
    await lose(wharf.registry, one.manifest.digest);
    expect(await wharf.atRegistry(one.manifest.digest)).toBe(404);
    expect((await wharf.push(both, name)).status).toBe(201);
    expect(await wharf.atRegistry(one.manifest.digest)).toBe(200);
    const children = [one.manifest.digest, other.manifest.digest];
    const repaired = (await wharf.audited("manifest.repaired")).filter((entry) =>
      children.some((child) => child === entry.digest),
    );
    expect(repaired).toMatchObject([{ digest: one.manifest.digest, actor: { uid: "alice" } }]);
  });

  test("of an index that is new puts a lost child back, by tag and by digest", async () => {
    for (const reference of [newName(), undefined]) {
      const { manifest } = await pushed(newName());
      await lose(wharf.registry, manifest.digest);
      const fresh = index(newName(), manifest);
      expect((await wharf.push(fresh, reference)).status).toBe(201);
      expect(await wharf.atRegistry(manifest.digest)).toBe(200);
    }
  });

  test("of an index whose child is lost below another index puts both back", async () => {
    const child = await pushed(newName());
    const inner = index(newName(), child.manifest);
    expect((await wharf.push(inner)).status).toBe(201);
    const name = newName();
    const outer = index(name, inner);
    expect((await wharf.push(outer, name)).status).toBe(201);
    await lose(wharf.registry, inner.digest, child.manifest.digest);
    expect((await wharf.push(outer, name)).status).toBe(201);
    for (const { digest } of [inner, child.manifest])
      expect(await wharf.atRegistry(digest)).toBe(200);
  });

  test("of an index whose child is lost with its layer is told which child", async () => {
    const { manifest, digest } = await pushed(newName());
    const name = newName();
    const one = index(name, manifest);
    expect((await wharf.push(one, name)).status).toBe(201);
    await lose(wharf.registry, manifest.digest, digest);
    const fresh = index(newName(), manifest);
    for (const answer of [
      await wharf.push(one, name),
      await wharf.push(fresh, newName()),
      await wharf.push(fresh),
      await wharf.push(index(newName(), fresh), newName()),
    ])
      expect([answer.status, errorOf(answer)]).toMatchObject([
        404,
        { code: "MANIFEST_BLOB_UNKNOWN" },
      ]);
    expect(errorOf(await wharf.push(fresh))).toMatchObject({
      detail: { digest: manifest.digest },
    });
    for (const { digest } of [manifest, fresh]) expect(await wharf.atRegistry(digest)).toBe(404);
  });

  test("of an index does not put back what was deleted", async () => {
    const { manifest } = await pushed(newName());
    const name = newName();
    const one = index(name, manifest);
    expect((await wharf.push(one, name)).status).toBe(201);
    await lose(wharf.registry, manifest.digest);
    await wharf.db.query(
      "update ledger.manifest set deleted_at = now(), deleted_by = 'alice' where digest = $1",
      [manifest.digest],
    );
    expect((await wharf.push(one, name)).status).toBe(404);
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
  });

  test.each<[string, TestManifest]>([
    [
      "a layer is elsewhere",
      image("foreign", {
        layers: [
          {
            mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            digest: digestOf(Buffer.from("nowhere here")),
            size: 12,
            urls: ["https://mcr.example/v2/windows/blobs/1"],
          },
        ],
      }),
    ],
    ["the subject is not there", image("referrer", { subject: image("nobody has it") })],
  ])("succeeds as before when %s", async (_title, manifest) => {
    const name = newName();
    for (let i = 0; i < 2; i += 1) expect((await wharf.push(manifest, name)).status).toBe(201);
  });

  test("looks for the parts once in a while, not each time", async () => {
    const name = newName();
    const { manifest, digest } = await pushed(name);
    expect((await wharf.push(manifest, name)).status).toBe(201);
    await lose(wharf.registry, digest);
    expect((await wharf.push(manifest, name)).status).toBe(201);
    // Another gateway has not looked yet.
    expect((await wharf.push(manifest, name, wharf.gateways[1])).status).toBe(400);
    const target = `/v2/${REPOSITORY}/blobs/${digest}`;
    const { status } = await ask(wharf.registry.url, target, { method: "HEAD" });
    expect(status).toBe(404);
  });
});
