import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask } from "#tests/support/http-client.js";
import { image } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startLateWharf, type LateWharf } from "./support/late-wharf.js";

/** The gateway was told nothing, and the registry stores it all the same, when nobody expects it any more. */
describe.each(registryPrograms())("what arrives late, registry $version", (program) => {
  let late: LateWharf;
  beforeAll(async () => {
    late = await startLateWharf(program.file);
  });
  afterAll(() => late.stop());

  const put = (name: string, tag?: string, gateway = late.wharf.gateways[0]) =>
    late.wharf.push(image(name), tag, gateway);
  const digestAt = async (tag: string) => {
    const headers = { Accept: image("").mediaType };
    const target = `/v2/${REPOSITORY}/manifests/${tag}`;
    const answer = await ask(late.wharf.registry.url, target, { headers });
    return answer.headers["docker-content-digest"];
  };
  const pulled = async (reference: string) => {
    const headers = { Accept: image("").mediaType };
    const target = `/v2/${REPOSITORY}/manifests/${reference}`;
    return (await late.wharf.ask(["pull"], target, { headers })).headers["docker-content-digest"];
  };
  /** @returns carries the push out at the registry */
  const pushWithoutAnswer = async (name: string, reference?: string) => {
    const held = late.between.hold("PUT", /\/manifests\//);
    expect((await put(name, reference, late.behind)).status).toBe(503);
    await held.arrived;
    return async () => {
      expect((await held.carryOut()).status).toBe(201);
    };
  };
  const repaired = async (tag: string) =>
    (await late.wharf.audited("tag.repaired")).filter((entry) => entry.tag === tag);

  test.each(["1.0", "kept-1"])(
    "is taken back where another push of the tag has been acknowledged since: %s",
    async (tag) => {
      const arrive = await pushWithoutAnswer("old", tag);
      expect((await put("new", tag)).status).toBe(201);
      await late.look();
      expect(await repaired(tag)).toEqual([]);
      await arrive();
      expect(await digestAt(tag)).toBe(image("old").digest);
      expect(await pulled(tag)).toBe(image("new").digest);
      await late.look();
      expect(await digestAt(tag)).toBe(image("new").digest);
      expect(await repaired(tag)).toMatchObject([
        { digest: image("new").digest, reason: expect.stringContaining("carried out late") },
      ]);
    },
  );

  test("is looked for as long as it may come, and no longer", async () => {
    await pushWithoutAnswer("old", "2.0");
    await late.look();
    expect(await late.noted()).toBeGreaterThan(0);
    await late.outlast();
    await late.look();
    expect(await late.noted()).toBe(0);
  });

  test("does not go unrecorded, although nobody has pushed the tag since", async () => {
    const arrive = await pushWithoutAnswer("unrecorded", "3.0");
    await late.look();
    const onRecord = async () =>
      (await late.wharf.audited("manifest.pushed")).filter(
        ({ digest }) => digest === image("unrecorded").digest,
      );
    expect(await onRecord()).toEqual([]);
    await arrive();
    await late.look();
    expect(await onRecord()).toMatchObject([{ actor: { uid: "alice" } }]);
    expect(await pulled("3.0")).toBe(image("unrecorded").digest);
  });

  test("leaves a tag alone that somebody else has written past every gateway", async () => {
    await pushWithoutAnswer("old", "4.0");
    expect((await put("new", "4.0")).status).toBe(201);
    await late.wharf.writeAtRegistry(image("foreign"), "4.0");
    await late.look();
    expect(await digestAt("4.0")).toBe(image("foreign").digest);
  });

  // A registry 2.8 refuses it whenever it comes.
  test("does not take what was pushed since, where it is a deletion of the tag", async () => {
    await put("first", "5.0");
    const held = late.between.hold("DELETE", /\/manifests\/5\.0$/);
    expect((await late.wharf.remove("5.0", late.behind)).status).toBe(503);
    await held.arrived;
    expect((await put("second", "5.0")).status).toBe(201);
    await held.carryOut();
    expect(await late.wharf.atRegistry("5.0")).toBe(program.deletesTags ? 404 : 200);
    await late.look();
    expect(await digestAt("5.0")).toBe(image("second").digest);
  });
});
