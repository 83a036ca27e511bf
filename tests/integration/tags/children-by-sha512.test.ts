import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { eventually } from "#tests/support/eventually.js";
import { errorOf } from "#tests/support/http-client.js";
import { startLateRelay, type LateRelay } from "#tests/support/late-relay.js";
import { lose } from "./support/lost.js";
import { image, IMAGE_TYPE, index, REPOSITORY, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

const SHA512 = "sha512:" as Digest;
const LATE_MILLISECONDS = 1_500;

const named = (manifest: TestManifest): TestManifest => ({
  ...manifest,
  digest: digestOf(Buffer.from(manifest.text), SHA512),
});

describe.each(registryPrograms())("an index of sha512, registry $version", (program) => {
  let relay: LateRelay;
  let wharf: Wharf;
  beforeAll(async () => {
    relay = await startLateRelay(() => Promise.resolve(Number(new URL(wharf.registry.url).port)));
    const registryUrl = `http://127.0.0.1:${relay.port}`;
    const rules = [{ id: "all", effect: "mutable", deletable: true }] as const;
    wharf = await startWharf(program.file, rules, undefined, { registryUrl });
  });
  afterAll(async () => {
    await wharf.stop();
    await relay.stop();
  });

  const read = async (reference: string) => {
    const target = `/v2/${REPOSITORY}/manifests/${reference}`;
    return wharf.ask(["pull"], target, { headers: { Accept: IMAGE_TYPE } });
  };
  const pushedChild = async (name: string) => {
    const child = image(name);
    expect((await wharf.push(named(child))).status).toBe(201);
    return child;
  };

  test("is stored under its tag, and under its digest", async () => {
    const child = await pushedChild("stored");
    const list = index("of stored", named(child));
    expect((await wharf.push(list, "stored")).status).toBe(201);
    expect(await wharf.atRegistry("stored")).toBe(200);
    const outer = index("around stored", named(list), child);
    expect((await wharf.push(named(list))).status).toBe(201);
    expect((await wharf.push(outer, "outer")).status).toBe(201);
    expect((await wharf.push(named(outer))).status).toBe(201);
  });

  test("is refused while a child was never pushed, whatever else is there", async () => {
    const there = await pushedChild("there");
    for (const child of [named(image("never")), image("never")])
      for (const reference of ["missing", undefined]) {
        const answer = await wharf.push(index("of nothing", named(there), child), reference);
        expect([answer.status, errorOf(answer).code]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
      }
    expect(await wharf.atRegistry("missing")).toBe(404);
  });

  test("gets back what the registry has lost", async () => {
    const child = await pushedChild("lost");
    await lose(wharf.registry, child.digest);
    const list = index("of lost", named(child));
    expect((await wharf.push(list, "lost")).status).toBe(201);
    expect(await wharf.atRegistry(child.digest)).toBe(200);
  });

  test("has what it names by sha512 stand as a manifest, too, once that was deleted past every gateway", async () => {
    const child = await pushedChild("deleted past all");
    const target = `${wharf.registry.url}/v2/${REPOSITORY}/manifests/${child.digest}`;
    expect((await fetch(target, { method: "DELETE" })).status).toBe(202);
    expect((await wharf.push(index("of that", named(child)), "past")).status).toBe(201);
    expect(await wharf.atRegistry(child.digest)).toBe(200);
  });

  test.each<[string, (child: TestManifest) => Digest]>([
    ["sha512", (child) => named(child).digest],
    ["sha256", (child) => child.digest],
  ])(
    "is never acknowledged without a child that is deleted meanwhile, by %s",
    async (by, digestIn) => {
      const child = await pushedChild(`deleted by ${by}`);
      const tag = `racing-${by}`;
      relay.late({
        what: "requests",
        of: new RegExp(`^PUT /v2/${REPOSITORY}/manifests/${tag}`),
        milliseconds: LATE_MILLISECONDS,
      });
      const list = index(`racing ${by}`, named(child));
      const pushing = wharf.push(list, tag);
      await eventually("it is on its way", () => relay.pending() > 0);
      const removed = await wharf.remove(digestIn(child), wharf.gateways[1]);
      const pushed = await pushing;
      relay.late(null);
      // Refused, or acknowledged and whole; what was refused may be pushed again once the child is there.
      expect([201, 503]).toContain(pushed.status);
      const isThere = (await read(named(child).digest)).status === 200;
      if (pushed.status === 201) expect([removed.status, isThere]).toEqual([409, true]);
      expect((await wharf.push(named(child))).status).toBe(201);
      expect((await wharf.push(list, tag)).status).toBe(201);
      expect((await wharf.remove(digestIn(child))).status).toBe(409);
    },
  );
});

describe.each(registryPrograms())(
  "a registry $version that looks for what an index names",
  (program) => {
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, [], undefined, { looksForChildren: true });
    });
    afterAll(() => wharf.stop());

    test("takes one of sha512 under a tag (2.8), or refuses it in words that help; by its digest the ledger keeps it", async () => {
      const child = named(image("child"));
      expect((await wharf.push(child)).status).toBe(201);
      const list = index("of it", child);
      const answer = await wharf.push(list, "tagged");
      // What an index of sha512 stands as, 2.8 takes for manifests.
      if (!program.deletesTags) expect(answer.status).toBe(201);
      else {
        expect([answer.status, errorOf(answer).code]).toEqual([400, "MANIFEST_INVALID"]);
        expect(errorOf(answer).message).toContain("validation.manifests.indexes.platforms");
      }
      expect((await wharf.push(list)).status).toBe(201);
    });
  },
);
