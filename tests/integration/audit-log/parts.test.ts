import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { registryAsker } from "#audit-log/verify/ask-registry.js";
import { registryParts } from "#audit-log/verify/registry-parts.js";
import { reportParts } from "#audit-log/verify/report.js";
import { verifyParts } from "#audit-log/verify/verify-parts.js";
import { digestOf } from "#registry-protocol/digest.js";
import { uploadBlob, uploadImage } from "../tags/support/blobs.js";
import { cutBlob, lose } from "../tags/support/lost.js";
import { image, index, REPOSITORY } from "../tags/support/manifests.js";
import { plantManifest, schema1 } from "../tags/support/planted.js";
import { registryPrograms } from "../tags/support/registry.js";
import { startWharf, type Wharf } from "../tags/support/wharf.js";

describe.each(registryPrograms())("verify of all parts, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, []);
  });
  afterAll(() => wharf.stop());

  const verify = (url = wharf.registry.url) => {
    const ask = registryAsker(url, () => "Bearer anything");
    const questions = registryParts(wharf.db, ask);
    return verifyParts({ db: wharf.db, questions, progress: () => undefined });
  };
  const made = async (name: string) => {
    const layer = Buffer.from(`layer of ${name}`);
    const manifest = await uploadImage(wharf.registry.url, name, { layers: [layer] });
    return { manifest, layer, digest: digestOf(layer) };
  };

  test("finds every manifest that lacks something, and says that nothing is wrong before and after", async () => {
    const before = (await verify()).checked;
    const [one, child, adopted] = [await made("one"), await made("child"), await made("adopted")];
    const both = index("both", child.manifest);
    const referrer = image("referrer", { subject: image("nobody has it") });
    expect((await wharf.push(one.manifest, "1.0")).status).toBe(201);
    expect((await wharf.push(child.manifest)).status).toBe(201);
    expect((await wharf.push(both, "2.0")).status).toBe(201);
    expect((await wharf.push(referrer)).status).toBe(201);
    await wharf.writeAtRegistry(adopted.manifest, "old");
    expect((await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/old`)).status).toBe(404); // It takes none.
    expect(await verify()).toMatchObject({ checked: before + 5, wrong: 0 });

    await lose(wharf.registry, one.digest, child.manifest.digest, adopted.digest);
    const found = await verify();
    expect(found).toMatchObject({ checked: before + 5, wrong: 3 });
    const problems = found.findings.map(({ digest, problem }) => `${digest} ${problem}`).sort();
    expect(problems).toEqual(
      [
        `${one.manifest.digest} lacks ${one.digest} at the registry`,
        `${both.digest} lacks ${child.manifest.digest} at the registry`,
        `${adopted.manifest.digest} lacks ${adopted.digest} at the registry`,
      ].sort(),
    );
    expect(reportParts(found).at(-1)).toBe("3 MANIFESTS LACK SOMETHING (missing-blob)");

    for (const { layer } of [one, adopted]) await uploadBlob(wharf.registry.url, layer);
    expect((await wharf.push(child.manifest)).status).toBe(201);
    const mended = await verify();
    expect(reportParts(mended).at(-1)).toBe("every manifest has all that it needs");

    await lose(wharf.registry, one.manifest.digest, referrer.digest);
    const { wrong, findings } = await verify();
    const { digest } = one.manifest;
    expect(wrong).toBe(1);
    expect(findings).toEqual([
      { repository: REPOSITORY, digest, problem: "missing at the registry" },
    ]);
    expect((await wharf.push(one.manifest, "1.0")).status).toBe(201);
  });

  test("names a layer and a configuration that were cut; a push again heals them once they are taken away", async () => {
    const { wrong } = await verify();
    const { manifest, layer, digest } = await made("cut");
    expect((await wharf.push(manifest, "3.0")).status).toBe(201);
    await cutBlob(wharf.registry, digest, 3);
    const { findings } = await verify();
    const problem = `lacks ${digest} at the registry, of which there are more or fewer bytes`;
    expect(findings).toContainEqual({ repository: REPOSITORY, digest: manifest.digest, problem });
    const pulled = async () => {
      const path = `/v2/${REPOSITORY}/blobs/${digest}`;
      const answer = await wharf.ask(["pull"], path).catch(() => null);
      return answer?.body.equals(layer) ?? false;
    };
    expect(await pulled()).toBe(false);
    // The registry finds a file of that name, and keeps what it has.
    await uploadBlob(wharf.registry.url, layer);
    expect((await wharf.push(manifest, "3.0")).status).toBe(201);
    expect(await pulled()).toBe(false);
    expect((await verify()).wrong).toBe(wrong + 1);

    await lose(wharf.registry, digest);
    await uploadBlob(wharf.registry.url, layer);
    expect((await wharf.push(manifest, "3.0")).status).toBe(201);
    expect(await pulled()).toBe(true);
    expect((await verify()).wrong).toBe(wrong);
  });

  test("takes what the registry has and cannot read for there", async () => {
    const { wrong } = await verify();
    const digest = await plantManifest(wharf.registry, schema1("odd", digestOf(Buffer.from("x"))), {
      tag: "odd",
    });
    await wharf.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       values ($1, 'odd', $2, '', now())`,
      [REPOSITORY, digest],
    );
    expect((await verify()).wrong).toBe(wrong);
  });

  test("says of all that it cannot be checked when the registry does not answer", async () => {
    expect((await wharf.push((await made("unasked")).manifest, "4.0")).status).toBe(201);
    const { checked, wrong, findings } = await verify("http://127.0.0.1:1");
    expect(wrong).toBe(checked);
    expect(findings[0]?.problem).toMatch(/^cannot be checked: /);
  });
});
