import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { image, index, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startLateWharf, type LateWharf } from "./support/late-wharf.js";

/** "It has not happened by now" is never "it will not happen". */
describe.each(registryPrograms())("a deletion that comes late, registry $version", (program) => {
  let late: LateWharf;
  beforeAll(async () => {
    late = await startLateWharf(program.file);
  });
  afterAll(() => late.stop());

  const push = async (manifest: TestManifest, tag?: string) => {
    expect((await late.wharf.push(manifest, tag)).status).toBe(201);
  };
  const pull = async (reference: string) => {
    const headers = { Accept: `${image("").mediaType}, ${index("").mediaType}` };
    const target = `/v2/${REPOSITORY}/manifests/${reference}`;
    return (await late.wharf.ask(["pull"], target, { headers })).status;
  };
  /** @returns carries it out at the registry, long after it is taken for lost */
  const removeWithoutAnswer = async ({ digest }: TestManifest) => {
    const held = late.between.hold("DELETE", /\/manifests\/sha256:/);
    expect((await late.wharf.remove(digest, late.behind)).status).toBe(503);
    await held.arrived;
    await late.loseDeletions();
    await late.look();
    return async () => {
      expect((await held.carryOut()).status).toBe(202);
      expect(await late.wharf.atRegistry(digest)).toBe(404);
    };
  };
  const deleted = async ({ digest }: TestManifest) =>
    (await late.wharf.audited("manifest.deleted")).filter((entry) => entry.digest === digest);

  test("does not take a tag that was acknowledged since", async () => {
    const manifest = image("tagged since");
    await push(manifest);
    const arrive = await removeWithoutAnswer(manifest);
    await push(manifest, "1.0");
    expect(await pull("1.0")).toBe(200);
    await arrive();
    await late.look();
    expect(await pull("1.0")).toBe(200);
    expect(await late.wharf.atRegistry("1.0")).toBe(200);
    expect(await deleted(manifest)).toEqual([]);
  });

  test("does not take what was pushed by its digest since", async () => {
    const manifest = image("by digest since");
    await push(manifest);
    const arrive = await removeWithoutAnswer(manifest);
    await push(manifest);
    await arrive();
    await late.look();
    expect(await pull(manifest.digest)).toBe(200);
    expect(await deleted(manifest)).toEqual([]);
  });

  test.each([[undefined], ["2.0"]])(
    "does not take the child of an index that was pushed since (%s)",
    async (tag) => {
      const child = image(`child of ${String(tag)}`);
      await push(child);
      const arrive = await removeWithoutAnswer(child);
      const parent = index(`parent of ${String(tag)}`, child);
      await push(parent, tag);
      await arrive();
      await late.look();
      expect(await pull(child.digest)).toBe(200);
      expect(await deleted(child)).toEqual([]);
    },
  );

  test("leaves the tags that were to go with it where they were, until it is asked for again", async () => {
    const manifest = image("with a tag");
    await push(manifest, "3.0");
    const arrive = await removeWithoutAnswer(manifest);
    expect(await pull("3.0")).toBe(200);
    await arrive();
    await late.look();
    expect(await pull("3.0")).toBe(200);
    expect(await late.wharf.atRegistry("3.0")).toBe(200);
    expect((await late.wharf.remove(manifest.digest)).status).toBe(202);
    await late.look();
    expect(await pull("3.0")).toBe(404);
    expect(await deleted(manifest)).toHaveLength(1);
  });

  test("is on record when nobody needs it, in the name of who asked for it", async () => {
    const manifest = image("not needed");
    await push(manifest);
    const arrive = await removeWithoutAnswer(manifest);
    expect(await deleted(manifest)).toEqual([]);
    await arrive();
    await late.look();
    await late.look();
    expect(await deleted(manifest)).toMatchObject([
      { actor: { uid: "alice" }, reason: expect.stringContaining("carried out late") },
    ]);
    await push(manifest);
    expect(await pull(manifest.digest)).toBe(200);
  });

  test("is looked for as long as it may come, and no longer", async () => {
    const manifest = image("never");
    await push(manifest);
    await removeWithoutAnswer(manifest);
    expect(await late.noted()).toBeGreaterThan(0);
    await late.outlast();
    await late.look();
    expect(await late.noted()).toBe(0);
    expect(await deleted(manifest)).toEqual([]);
    expect(await pull(manifest.digest)).toBe(200);
  });

  test("while it is under way, a push by digest that may have come before it is not acknowledged", async () => {
    const manifest = image("at once");
    await push(manifest);
    const held = late.between.hold("DELETE", /\/manifests\/sha256:/);
    expect((await late.wharf.remove(manifest.digest, late.behind)).status).toBe(503);
    await held.arrived;
    expect((await late.wharf.push(manifest)).status).toBe(503);
    await held.carryOut();
    await late.loseDeletions();
    await late.look();
    await push(manifest);
    expect(await pull(manifest.digest)).toBe(200);
  });
});
