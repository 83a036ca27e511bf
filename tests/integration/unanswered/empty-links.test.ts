import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { image } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startLateWharf, type LateWharf } from "./support/late-wharf.js";

/** As a registry leaves it whose storage was full when it wrote where a tag points. */
describe.each(registryPrograms())("a tag whose link is empty, registry $version", (program) => {
  let late: LateWharf;
  beforeAll(async () => {
    late = await startLateWharf(program.file);
  });
  afterAll(() => late.stop());

  const put = (name: string, tag: string, gateway = late.behind) =>
    late.wharf.push(image(name), tag, gateway);
  const pull = async (tag: string) => {
    const headers = { Accept: image("").mediaType };
    return late.wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${tag}`, { headers });
  };
  const fill = (tag: string) => {
    late.between.spoil("PUT", new RegExp(`/manifests/${tag}$`), () =>
      writeFile(late.linkOf(tag), ""),
    );
  };
  const settle = async (tag: string) => {
    await late.wharf.db.query(
      `update ledger.tag set reserved_until = now() - interval '1 second'
       where reservation is not null`,
    );
    await late.behind.recover({ repository: parseRepositoryName(REPOSITORY), tag: parseTag(tag) });
  };

  test.each(["1.0", "kept-1"])("is pushed again, and healed by that: %s", async (tag) => {
    fill(tag);
    expect((await put("first", tag)).status).toBe(503);
    expect(await late.wharf.atRegistry(tag)).toBe(500);
    await settle(tag);
    expect((await put("second", tag)).status).toBe(201);
    expect((await pull(tag)).headers["docker-content-digest"]).toBe(image("second").digest);
    expect(await late.wharf.atRegistry(tag)).toBe(200);
    await late.look();
    await late.outlast();
    await late.look();
    expect(await late.noted()).toBe(0);
  });

  test("is pushed again with the same content just as well", async () => {
    fill("kept-2");
    expect((await put("first", "kept-2")).status).toBe(503);
    await settle("kept-2");
    expect((await put("first", "kept-2")).status).toBe(201);
    expect(await late.wharf.atRegistry("kept-2")).toBe(200);
  });

  test("is free for others however late they come, and it is told until somebody does", async () => {
    fill("kept-3");
    expect((await put("first", "kept-3")).status).toBe(503);
    await settle("kept-3");
    await late.outlast();
    await late.look();
    expect(await late.noted()).toBeGreaterThan(0);
    expect(late.overdue()).toEqual({ tags: 1, manifests: 0 });
    expect((await put("second", "kept-3", late.wharf.gateways[1])).status).toBe(201);
    await late.look();
    expect(late.overdue()).toEqual({ tags: 0, manifests: 0 });
    expect(await late.wharf.atRegistry("kept-3")).toBe(200);
  });

  test("is what it was before where it meant something, for readers and at the registry", async () => {
    expect((await put("before", "2.0")).status).toBe(201);
    fill("2.0");
    expect((await put("first", "2.0")).status).toBe(503);
    await settle("2.0");
    expect((await pull("2.0")).headers["docker-content-digest"]).toBe(image("before").digest);
    await late.look();
    expect(await late.wharf.atRegistry("2.0")).toBe(200);
    expect(await late.wharf.audited("tag.repaired")).toMatchObject([
      { tag: "2.0", digest: image("before").digest },
    ]);
  });

  test("stays refused where it stood before anybody pushed it through a gateway", async () => {
    await late.wharf.writeAtRegistry(image("old"), "kept-old");
    await writeFile(late.linkOf("kept-old"), "");
    expect((await put("first", "kept-old")).status).toBe(409);
  });
});
