import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { describe, test } from "@jest/globals";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { image, IMAGE_TYPE, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { eventually } from "#tests/support/eventually.js";
import type { TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";

const RULES = [
  { id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable", deletable: true },
  { id: "releases", tags: ["*"], effect: "immutable", deletable: true },
] as const;
const [first, second] = [image("first"), image("second")];

describe.each(registryPrograms())(
  "a gateway that cannot ask the ledger, registry $version",
  ({ file }) => {
    let wharf: Wharf;
    let here: TestGateway;
    let there: TestGateway;

    beforeAll(async () => {
      wharf = await startWharf(file, [...RULES]);
      [here, there] = wharf.gateways;
    });
    beforeEach(async () => {
      for (const manifest of [first, second]) await push(manifest);
    });
    afterEach(() => wharf.mend());
    afterAll(() => wharf.stop());

    const read = async (tag: string, gateway = here) => {
      const headers = { Authorization: await wharf.authority.bearer(["pull"]), Accept: IMAGE_TYPE };
      const answer = await ask(gateway.url, `/v2/${REPOSITORY}/manifests/${tag}`, { headers });
      return answer.headers["docker-content-digest"] ?? answer.status;
    };
    const push = async (manifest: TestManifest, tag?: string, gateway = here) => {
      expect((await wharf.push(manifest, tag, gateway)).status).toBe(201);
    };
    const lock = async (tag: string, gateway: TestGateway) => {
      const headers = { Authorization: await wharf.authority.bearer(["pull", "push"]) };
      const target = `/api/v1/repositories/${REPOSITORY}/tags/${tag}/lock`;
      expect((await ask(gateway.url, target, { method: "PUT", headers })).status).toBeLessThan(300);
    };
    const recall = (tag: string, gateway = here) =>
      gateway.remembered.recall({
        repository: parseRepositoryName(REPOSITORY),
        tag: parseTag(tag),
      });

    test("serves what it has pushed itself, and not what that replaced", async () => {
      await push(first, "1-SNAPSHOT");
      expect(await read("1-SNAPSHOT")).toBe(first.digest);
      await push(second, "1-SNAPSHOT");
      await wharf.database.cut();
      expect(await read("1-SNAPSHOT")).toBe(second.digest);
    });

    test("serves no tag that it has deleted itself", async () => {
      for (const tag of ["read", "never-read"]) {
        await push(first, tag);
        if (tag === "read") expect(await read(tag)).toBe(first.digest);
        expect((await wharf.remove(tag, here)).status).toBe(202);
      }
      await wharf.database.cut();
      expect([await read("read"), await read("never-read")]).toEqual([503, 503]);
    });

    test("does not serve as latest what was latest before it pushed, or deleted, a tag", async () => {
      await push(first, "1.0");
      expect(await read("latest")).toBe(first.digest);
      await push(second, "2.0");
      await wharf.ways[0].cut();
      expect(await read("latest")).not.toBe(first.digest);
      await wharf.mend();
      await eventually("it is the newest", async () => (await read("latest")) === second.digest);
      expect((await wharf.remove("2.0", here)).status).toBe(202);
      await wharf.ways[0].cut();
      expect(await read("latest")).not.toBe(second.digest);
    });

    test("does not serve what a tag was before another gateway moved and locked it", async () => {
      await push(first, "2-SNAPSHOT");
      expect(await read("2-SNAPSHOT")).toBe(first.digest);
      await wharf.ways[0].cut();
      // Not fresh any more: nothing is served without a look at the registry.
      here.remembered.missed();
      expect(await read("2-SNAPSHOT")).toBe(first.digest);
      await push(second, "2-SNAPSHOT", there);
      await lock("2-SNAPSHOT", there);
      expect(await read("2-SNAPSHOT")).toBe(503);
      expect(await read("2-SNAPSHOT", there)).toBe(second.digest);
      await wharf.mend();
      await eventually(
        "it asks the ledger",
        async () => (await read("2-SNAPSHOT")) === second.digest,
      );
    });

    test("serves what can never change, whatever somebody writes at the registry", async () => {
      await push(first, "3-SNAPSHOT");
      await lock("3-SNAPSHOT", there);
      await push(first, "3.0", there);
      for (const tag of ["3-SNAPSHOT", "3.0"]) expect(await read(tag)).toBe(first.digest);
      await wharf.ways[0].cut();
      here.remembered.missed();
      for (const tag of ["3-SNAPSHOT", "3.0"]) {
        await wharf.writeAtRegistry(second, tag);
        expect(await read(tag)).toBe(first.digest);
      }
    });

    test("has heard of what another gateway pushed, moved, locked and deleted", async () => {
      const heard = (tag: string, wanted: object) =>
        eventually(`${tag} was heard`, () => {
          expect(recall(tag)).toMatchObject(wanted);
          return true;
        });
      await push(first, "4-SNAPSHOT", there);
      await heard("4-SNAPSHOT", { kind: "means", digest: first.digest, isFinal: false });
      await push(second, "4-SNAPSHOT", there);
      await heard("4-SNAPSHOT", { kind: "means", digest: second.digest, isFinal: false });
      await lock("4-SNAPSHOT", there);
      await heard("4-SNAPSHOT", { kind: "means", locked: true, isFinal: true });
      await wharf.writeAtRegistry(first, "found");
      expect(await read("found", there)).toBe(first.digest);
      await heard("found", { kind: "means", digest: first.digest });
      expect((await wharf.remove("found", there)).status).toBe(202);
      await heard("found", { kind: "deleted" });
    });
  },
);
