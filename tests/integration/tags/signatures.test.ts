import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { errorOf } from "#tests/support/http-client.js";
import {
  image,
  index,
  INDEX_TYPE,
  signatureLayer,
  type TestManifest,
} from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

describe.each(registryPrograms().slice(0, 1))(
  "tags of signatures, registry $version",
  (program) => {
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, []);
    });
    afterAll(() => wharf.stop());

    test("grow on an immutable repository; what was there stays stored", async () => {
      const subject = image("signed");
      await wharf.push(subject, "1.0");
      const tag = `${subject.digest.replace(":", "-")}.sig`;
      const one = signed("one");
      const both = signed("one", "two");
      expect((await wharf.push(one, tag)).status).toBe(201);
      expect((await wharf.push(both, tag)).status).toBe(201);
      expect(await wharf.describe(tag)).toMatchObject({
        body: { digest: both.digest, mutability: "mutable", appendOnly: true, deletable: false },
      });
      expect(await wharf.atRegistry(one.digest)).toBe(200);
      const { rows } = await wharf.db.query(`select from ledger.manifest where digest = $1`, [
        one.digest,
      ]);
      expect(rows).toHaveLength(1);
    });

    test("are refused what would lose a signature, with the reason, on record, and free for the next", async () => {
      const tag = `${image("shrinking").digest.replace(":", "-")}.sig`;
      const held = signed("one", "two");
      await wharf.push(held, tag);
      const answer = await wharf.push(signed("one", "three"), tag);
      expect(answer.status).toBe(409);
      expect(errorOf(answer)).toMatchObject({
        code: "DENIED",
        message: "tag already exists; would lose entries: read it again, then push",
        detail: { digest: held.digest },
      });
      expect((await wharf.audited("tag.refused")).at(-1)).toMatchObject({
        tag,
        reason: "tag-grew-meanwhile",
      });
      const less = await wharf.push(signed("one"), tag);
      expect(errorOf(less).message).toBe("tag already exists; would lose entries");
      expect((await wharf.audited("tag.refused")).at(-1)).toMatchObject({
        tag,
        reason: "tag-would-shrink",
      });
      expect((await wharf.push(signed("one", "two", "three"), tag)).status).toBe(201);
    });

    test("of two writers at once the second one is told that another referrer was added, and to push again", async () => {
      for (let round = 0; round < 10; round += 1) {
        const children = ["a", "b", "c"].map((name) => image(`${round} ${name}`));
        const [a, b, c] = children as [TestManifest, TestManifest, TestManifest];
        for (const child of children) await wharf.push(child);
        const tag = image(`fallback ${round}`).digest.replace(":", "-");
        await wharf.push(index("1", a), tag);
        const answers = await Promise.all([
          wharf.push(index("2", a, b), tag, wharf.gateways[0]),
          wharf.push(index("2", a, c), tag, wharf.gateways[1]),
        ]);
        expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
        const loser = answers.find(({ status }) => status === 409);
        expect(loser === undefined ? null : errorOf(loser)).toMatchObject({
          code: "DENIED",
          message: "tag already exists; another referrer was added meanwhile: push again",
        });
        expect((await wharf.push(index("3", a, b, c), tag)).status).toBe(201);
      }
    });

    test("that only the registry knows are compared all the same", async () => {
      const tag = `${image("foreign").digest.replace(":", "-")}.att`;
      await wharf.writeAtRegistry(signed("foreign"), tag);
      expect((await wharf.push(signed("ours"), tag)).status).toBe(409);
      expect((await wharf.push(signed("foreign", "ours"), tag)).status).toBe(201);
    });

    test("cannot be deleted, and keep what they hold", async () => {
      const child = image("referrer");
      await wharf.push(child);
      const tag = image("kept").digest.replace(":", "-");
      await wharf.push(index("referrers", child), tag);
      expect((await wharf.remove(tag)).status).toBe(403);
      expect((await wharf.remove(child.digest)).status).toBe(409);
      const headers = { Accept: INDEX_TYPE };
      const read = await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${tag}`, { headers });
      expect(read.status).toBe(200);
    });
  },
);

function signed(...signatures: readonly string[]): TestManifest {
  return image("signatures", { layers: signatures.map(signatureLayer) });
}
