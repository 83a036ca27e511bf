import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { switchMode } from "#gateway/mode/switch-mode.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { discoverer, type Discover } from "./support/discoverer.js";
import { image, type TestManifest } from "../tags/support/manifests.js";
import { registryPrograms } from "../tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "../tags/support/wharf.js";

describe.each(registryPrograms())(
  "somebody writes past the gateway, registry $version",
  (program) => {
    let wharf: Wharf;
    let discover: Discover;
    beforeAll(async () => {
      wharf = await startWharf(program.file, [
        { id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable" },
      ]);
      discover = discoverer(wharf.ledger, wharf.db, wharf.registry.url);
    });
    afterAll(() => wharf.stop());
    beforeEach(async () => {
      await wharf.ledger.clear();
      await discover();
    });

    async function pushed(tag: string, manifest: TestManifest): Promise<void> {
      expect((await wharf.push(manifest, tag)).status).toBe(201);
    }

    test("a tag that is new is adopted with its digest, on record", async () => {
      const manifest = image("foreign");
      await wharf.writeAtRegistry(manifest, "foreign");
      expect(await discover()).toMatchObject({ adopted: 1, drifted: 0, errors: 0 });
      expect(await wharf.describe("foreign")).toMatchObject({
        status: 200,
        body: { digest: manifest.digest },
      });
      const entries = await wharf.audited("tag.adopted");
      expect(entries.at(-1)).toMatchObject({ tag: "foreign", digest: manifest.digest });
    });

    test("an immutable tag's new digest is reported once, and clients get what the ledger says", async () => {
      const [ours, theirs, more] = [image("ours"), image("theirs"), image("more")];
      await pushed("d1", ours);
      await wharf.writeAtRegistry(theirs, "d1");
      for (let i = 0; i < 2; i += 1)
        expect(await discover()).toMatchObject({
          drifted: 1,
          driftLeft: 1,
          repaired: 0,
          errors: 0,
        });
      await wharf.writeAtRegistry(more, "d1");
      await discover();
      const entries = (await wharf.audited("tag.drifted")).filter(({ tag }) => tag === "d1");
      expect(entries.map(({ digest, detail }) => ({ digest, found: detail["found"] }))).toEqual([
        { digest: ours.digest, found: theirs.digest },
        { digest: ours.digest, found: more.digest },
      ]);
      expect(await digestForClients("d1")).toBe(ours.digest);
    });

    test("the ledger's digest is written again when repair is on", async () => {
      const [ours, theirs] = [image("ours 2"), image("theirs 2")];
      await pushed("d2", ours);
      const before = await wharf.describe("d2");
      await wharf.writeAtRegistry(theirs, "d2");
      expect(await discover({ repair: true })).toMatchObject({
        drifted: 1,
        repaired: 1,
        driftLeft: 0,
      });
      expect(await digestAtRegistry("d2")).toBe(ours.digest);
      expect(await wharf.describe("d2")).toEqual(before);
      expect((await wharf.audited("tag.repaired")).at(-1)).toMatchObject({
        actor: { kind: "system" },
        tag: "d2",
        digest: ours.digest,
        reason: `the registry had ${theirs.digest}`,
      });
      expect(await discover()).toMatchObject({ drifted: 0, errors: 0 });
    });

    test("a mutable tag's new digest is reported, neither adopted nor undone", async () => {
      const [ours, theirs] = [image("ours 3"), image("theirs 3")];
      await pushed("d3-SNAPSHOT", ours);
      await wharf.writeAtRegistry(theirs, "d3-SNAPSHOT");
      expect(await discover({ repair: true })).toMatchObject({
        drifted: 1,
        repaired: 0,
        driftLeft: 1,
      });
      expect(await digestAtRegistry("d3-SNAPSHOT")).toBe(theirs.digest);
      expect(await digestForClients("d3-SNAPSHOT")).toBe(ours.digest);
      // The next push through the gateway settles it.
      await pushed("d3-SNAPSHOT", image("ours 4"));
      expect(await discover()).toMatchObject({ drifted: 0, errors: 0 });
    });

    test("nothing is repaired while the registry is read-only, nor while the tag is being pushed", async () => {
      const [ours, theirs] = [image("ours 5"), image("theirs 5")];
      await pushed("d5", ours);
      await wharf.writeAtRegistry(theirs, "d5");
      const change = { actor: SYSTEM, reason: "a test", drainSeconds: 0 };
      const deps = { db: wharf.db, audit: recordAudit };
      await switchMode(deps, { ...change, mode: "read-only" });
      const refused = await discover({ repair: true });
      expect(refused).toMatchObject({ drifted: 1, repaired: 0, driftLeft: 1, errors: 0 });
      expect(refused?.problems.join()).toContain("read-only");
      expect(await digestAtRegistry("d5")).toBe(theirs.digest);
      await switchMode(deps, { ...change, mode: "normal" });
      await reserve("d5");
      expect(await discover({ repair: true })).toMatchObject({ drifted: 0, repaired: 0 });
      expect(await digestAtRegistry("d5")).toBe(theirs.digest);
    });

    async function reserve(tag: string): Promise<void> {
      await wharf.db.query(
        `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
         reserved_by = 'alice', reserved_until = now() + interval '1 minute' where name = $1`,
        [tag],
      );
    }

    async function digestAtRegistry(tag: string): Promise<string | undefined> {
      const headers = { Accept: "application/vnd.oci.image.manifest.v1+json" };
      const url = `${wharf.registry.url}/v2/${REPOSITORY}/manifests/${tag}`;
      const answer = await fetch(url, { headers, method: "HEAD" });
      return answer.headers.get("docker-content-digest") ?? undefined;
    }

    async function digestForClients(tag: string): Promise<unknown> {
      const answer = await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${tag}`, {
        headers: { Accept: "application/vnd.oci.image.manifest.v1+json" },
      });
      return answer.headers["docker-content-digest"];
    }
  },
);
