import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { discoverer } from "#tests/integration/discovery/support/discoverer.js";
import { image, index } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { readyBundle, type SignedAt } from "#tests/support/bundle-signer.js";

const SIGNERS = 12;

describe.each(registryPrograms())("signers of an image, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, []);
  });
  afterAll(() => wharf.stop());

  const listed = async (digest: string): Promise<string[]> => {
    const { body } = await wharf.ask(["pull"], `/v2/${REPOSITORY}/referrers/${digest}`);
    const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
    return manifests.map((one) => one.digest);
  };

  const tags = async () => ((await wharf.list()) ?? []) as string[];

  test("under an immutable tag attach bundles at once, through two gateways, and none is lost, with no tag of its own", async () => {
    const subject = image("signed by many");
    const before = await tags();
    expect((await wharf.push(subject, "1.0")).status).toBe(201);
    const authorization = await wharf.authority.bearer(["pull", "push"]);
    const places = wharf.gateways.map(({ url }): SignedAt => ({
      url,
      repository: REPOSITORY,
      authorization,
    }));
    const signed = await Promise.all(
      Array.from({ length: SIGNERS }, async (_, i) => {
        const at = places[i % places.length] as SignedAt;
        const bundle = await readyBundle(at, subject.digest, `signature ${i}`);
        const pushed = await bundle.attach();
        return { digest: bundle.digest, pushed, looked: await bundle.look() };
      }),
    );
    for (const { digest, pushed, looked } of signed) {
      expect([pushed.status, pushed.headers["oci-subject"]]).toEqual([201, subject.digest]);
      expect(looked.status).toBe(200);
      expect(looked.body.toString()).toContain(digest);
    }
    expect(await listed(subject.digest)).toEqual(signed.map(({ digest }) => digest).sort());
    expect((await tags()).filter((tag) => !before.includes(tag))).toEqual(["1.0"]);
  });

  test("keep what discovery has adopted: a referrer under a tag past the gateway is listed after each pass, and after others", async () => {
    const subject = image("signed past the gateway");
    const [byTag, byFallback] = [image("by tag", { subject }), image("listed", { subject })];
    for (const one of [subject, byFallback]) await wharf.writeAtRegistry(one);
    await wharf.writeAtRegistry(byTag, "attestation");
    await wharf.writeAtRegistry(index("fallback", byFallback), subject.digest.replace(":", "-"));
    const discover = discoverer(wharf.ledger, wharf.db, wharf.registry.url);
    await discover({ parts: 100 });
    await discover({ parts: 100 });
    for (let pass = 0; pass < 3; pass += 1) {
      // Nobody has read it through a gateway: it is discovery that found whom it refers to.
      expect(await listed(subject.digest)).toEqual([byTag.digest, byFallback.digest].sort());
      await discover({ parts: 100, repair: true });
    }
    expect(await listed(subject.digest)).toHaveLength(2);
  });
});
