import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import {
  image,
  IMAGE_TYPE,
  index,
  INDEX_TYPE,
  manifestOf,
  type TestManifest,
} from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { ask as plainly, errorOf, type AskOptions } from "#tests/support/http-client.js";

/** Each test is named after the section of the OCI distribution-spec whose requirement it proves. */
const SHA512 = "sha512:" as Digest;
/** Which the specification knows, and which stock registries take besides. */
const OTHERS: readonly Digest[] = [SHA512, "sha384:" as Digest];
const UPLOADS = `/v2/${REPOSITORY}/blobs/uploads/`;
const BLOB = Buffer.from("a blob of twenty bytes");

describe.each(registryPrograms())("OCI distribution-spec, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [
      { id: "changing", tags: ["changing*"], effect: "mutable", deletable: true },
    ]);
  });
  afterAll(() => wharf.stop());

  const ask = (method: string, target: string, options: AskOptions = {}) =>
    wharf.ask(["pull", "push", "delete"], target, { ...options, method });
  const at = (reference: string) => `/v2/${REPOSITORY}/manifests/${reference}`;
  const read = (reference: string, method = "GET") =>
    ask(method, at(reference), { headers: { Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}` } });
  const put = ({ text, mediaType }: TestManifest, reference: string) =>
    ask("PUT", at(reference), { headers: { "Content-Type": mediaType }, body: text });
  const in512 = ({ text }: TestManifest) => digestOf(Buffer.from(text), SHA512);
  const begin = async () => (await ask("POST", UPLOADS)).headers.location ?? "";

  test("Determining Support: GET /v2/ is 200", async () => {
    expect((await ask("GET", "/v2/")).status).toBe(200);
  });

  test("Pulling manifests: GET MUST give the very bytes with Docker-Content-Digest, HEAD MUST say the same, by tag and by digest", async () => {
    const one = image("pulled");
    expect((await put(one, "pulled")).status).toBe(201);
    for (const reference of ["pulled", one.digest])
      for (const method of ["GET", "HEAD"]) {
        const answer = await read(reference, method);
        expect(answer.status).toBe(200);
        expect(answer.headers).toMatchObject({
          "docker-content-digest": one.digest,
          "content-type": one.mediaType,
          "content-length": String(Buffer.byteLength(one.text)),
        });
        expect(answer.body.toString()).toBe(method === "GET" ? one.text : "");
      }
  });

  test("Pulling manifests, Pulling blobs: what is not there MUST be 404, with a code of the table", async () => {
    const missing = digestOf(Buffer.from("missing"));
    for (const method of ["GET", "HEAD"])
      for (const target of [
        at("missing"),
        at(missing),
        at(digestOf(BLOB, SHA512)),
        `/v2/${REPOSITORY}/blobs/${missing}`,
      ])
        expect((await ask(method, target)).status).toBe(404);
    expect(errorOf(await read("missing")).code).toBe("MANIFEST_UNKNOWN");
  });

  test("Pulling blobs: Range SHOULD be supported (206), and what no blob has is 416", async () => {
    const digest = digestOf(BLOB);
    await ask("PUT", `${await begin()}&digest=${digest}`, { body: BLOB });
    const target = `/v2/${REPOSITORY}/blobs/${digest}`;
    const part = await ask("GET", target, { headers: { Range: "bytes=2-5" } });
    expect([part.status, part.body.toString()]).toEqual([206, "blob"]);
    const beyond = await ask("GET", target, { headers: { Range: "bytes=500-600" } });
    expect(beyond.status).toBe(416);
  });

  test("Pushing blobs: a digest that is none, of an unknown algorithm or of other content SHOULD be 400", async () => {
    for (const digest of [
      "sha256:abc",
      "md5:d41d8cd98f00b204e9800998ecf8427e",
      digestOf(Buffer.from("other")),
    ])
      expect((await ask("PUT", `${await begin()}&digest=${digest}`, { body: BLOB })).status).toBe(
        400,
      );
  });

  test("Mounting a blob: with a source that has it MUST be 201 with Location, without one SHOULD be 202", async () => {
    const digest = digestOf(BLOB);
    await ask("PUT", `${await begin()}&digest=${digest}`, { body: BLOB });
    const mounted = await ask("POST", `${UPLOADS}?mount=${digest}&from=${REPOSITORY}`);
    expect([mounted.status, mounted.headers.location]).toEqual([
      201,
      `/v2/${REPOSITORY}/blobs/${digest}`,
    ]);
    expect((await ask("POST", `${UPLOADS}?mount=${digest}`)).status).toBe(202);
    expect((await ask("POST", `${UPLOADS}?mount=${digest}&from=beta/secret`)).status).toBe(202);
  });

  test("Pushing Manifests: MUST be 201 with a Location that can be pulled; a digest of other content is 400; over 4 MiB SHOULD be 413", async () => {
    const one = image("pushed");
    const answer = await put(one, one.digest);
    expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([201, one.digest]);
    expect(answer.headers.location).toBe(at(one.digest));
    expect((await read(one.digest)).status).toBe(200);
    const wrong = await put(one, image("other").digest);
    expect([wrong.status, errorOf(wrong).code]).toEqual([400, "DIGEST_INVALID"]);
    const large = { ...one, text: `${" ".repeat(4 * 1024 * 1024)}${one.text}` };
    expect((await put(large, "large")).status).toBe(413);
  });

  test("Push: a manifest that names one that is not there MUST be MANIFEST_BLOB_UNKNOWN when it is refused", async () => {
    const answer = await put(index("of nothing", image("never pushed")), "changing");
    expect([answer.status, errorOf(answer).code]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
  });

  test("Push: manifests of almost 4 MiB of annotations, without layers, with fields of their own and as index of indexes are taken", async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 390 }, (_, i) => [`a${i}`, "A".repeat(10_000)]),
    );
    expect((await put(image("large", { annotations }), "changing-large")).status).toBe(201);
    const inner = index("inner");
    const own = manifestOf(INDEX_TYPE, { manifests: [], "org.example": { a: [1] } });
    for (const one of [inner, own, index("outer", inner, own)])
      expect((await put(one, one.digest)).status).toBe(201);
  });

  test.each(OTHERS)(
    "Content Digests: a manifest that is pushed by %s is answered, read and deleted by it, in indexes too",
    async (by) => {
      const named = (manifest: TestManifest) => ({
        ...manifest,
        digest: digestOf(Buffer.from(manifest.text), by),
      });
      const one = image(`by ${by}`);
      const child = named(one);
      const list = named(index(`of ${by}`, child));
      for (const manifest of [child, list]) {
        const { digest } = manifest;
        const answer = await put(manifest, digest);
        expect([
          answer.status,
          answer.headers["docker-content-digest"],
          answer.headers.location,
        ]).toEqual([201, digest, at(digest)]);
        for (const method of ["GET", "HEAD"]) {
          const found = await read(digest, method);
          expect([found.status, found.headers["docker-content-digest"]]).toEqual([200, digest]);
          expect(found.body.toString()).toBe(method === "GET" ? manifest.text : "");
        }
        expect((await ask("GET", at(digest))).status).toBe(200);
      }
      expect((await put(list, `changing-${by.slice(0, -1)}-list`)).status).toBe(201);
      expect((await ask("DELETE", at(`changing-${by.slice(0, -1)}-list`))).status).toBe(202);
      expect((await read(one.digest)).body.toString()).toBe(one.text);
      const wrong = await put(image("other"), child.digest);
      expect([wrong.status, errorOf(wrong).code]).toEqual([400, "DIGEST_INVALID"]);
      expect((await ask("DELETE", at(list.digest))).status).toBe(202);
      expect((await read(list.digest)).status).toBe(404);
    },
  );

  test.each(OTHERS)(
    "Listing Referrers: subjects and referrers of %s are listed as they are called, each once",
    async (by) => {
      const subject = image(`subject by ${by}`);
      const named = { ...subject, digest: digestOf(Buffer.from(subject.text), by) };
      await put(named, named.digest);
      const referrer = image(`referrer by ${by}`, { subject: named });
      const called = digestOf(Buffer.from(referrer.text), by);
      const answer = await put(referrer, called);
      expect(answer.headers["oci-subject"]).toBe(named.digest);
      const listed = await ask("GET", `/v2/${REPOSITORY}/referrers/${named.digest}`);
      const { manifests } = JSON.parse(listed.body.toString()) as {
        manifests: { digest: string }[];
      };
      expect(manifests.map(({ digest }) => digest)).toEqual([called]);
    },
  );

  test.each(OTHERS)(
    "Pushing blobs: a blob that is pushed by %s is answered and read by it, also once somebody has tried to mount it",
    async (by) => {
      const blob = Buffer.from(`a blob by ${by}`);
      const digest = digestOf(blob, by);
      const target = `/v2/${REPOSITORY}/blobs/${digest}`;
      const stored = await ask("PUT", `${await begin()}&digest=${digest}`, { body: blob });
      expect([stored.status, stored.headers.location]).toEqual([201, target]);
      expect(stored.headers["docker-content-digest"]).toBe(digest);
      // The registry would say 201, and have lost it then.
      const mounted = await ask("POST", `${UPLOADS}?mount=${digest}&from=${REPOSITORY}`);
      expect(mounted.status).toBe(202);
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(method, target);
        expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, digest]);
      }
      const algorithm = by.slice(0, -1);
      expect((await ask("POST", `${UPLOADS}?digest-algorithm=${algorithm}`)).status).toBe(202);
      const wrong = digestOf(Buffer.from("of something else"), by);
      const refused = await ask("PUT", `${await begin()}&digest=${wrong}`, { body: blob });
      expect([refused.status, errorOf(refused).code]).toEqual([400, "DIGEST_INVALID"]);
    },
  );

  test("Pushing Manifests: ?tag= writes each tag by its rule, all or none, and MUST name each in OCI-Tag", async () => {
    const [one, two] = [image("tagged"), image("tagged otherwise")];
    const tags = Array.from({ length: 10 }, (_, i) => `t-${i}`);
    const query = tags.map((tag) => `tag=${tag}`).join("&");
    const answer = await put(one, `${one.digest}?${query}`);
    expect([answer.status, answer.headers["oci-tag"]]).toEqual([201, tags.join(", ")]);
    for (const tag of tags)
      expect((await read(tag)).headers["docker-content-digest"]).toBe(one.digest);
    const pushed = (await wharf.audited("tag.pushed")).filter(({ tag }) =>
      tags.includes(tag ?? ""),
    );
    expect(pushed.map(({ tag }) => tag).sort()).toEqual(tags);
    const refused = await put(two, `${two.digest}?tag=fresh-1&tag=t-3&tag=zz-fresh`);
    expect(refused.status).toBe(409);
    for (const tag of ["fresh-1", "zz-fresh"]) expect((await read(tag)).status).toBe(404);
    expect((await put(two, "fresh-1")).status).toBe(201);
    const again = await put(one, `${one.digest}?tag=t-3&tag=t-new&tag=t-0`);
    expect([again.status, again.headers["oci-tag"]]).toEqual([201, "t-0, t-3, t-new"]);
    expect((await read("t-new")).headers["docker-content-digest"]).toBe(one.digest);
    const named = await put(two, `${in512(two)}?tag=named`);
    expect([named.status, named.headers["oci-tag"]]).toEqual([201, "named"]);
    expect((await read(in512(two))).status).toBe(200);
    expect((await put(one, `${one.digest}?tag=a&tag=.b`)).status).toBe(400);
    expect((await read("a")).status).toBe(404);
    const many = Array.from({ length: 33 }, (_, i) => `tag=m${i}`).join("&");
    expect((await put(one, `${one.digest}?${many}`)).status).toBe(414);
  });

  test.each(OTHERS)(
    "Pulling manifests: a tag that was pushed by ?tag= beside %s is answered by that, until it means something else",
    async (by) => {
      const [one, two] = [image(`called by ${by}`), image(`after ${by}`)];
      const called = digestOf(Buffer.from(one.text), by);
      const tag = `changing-${by.slice(0, -1)}`;
      expect((await put(one, `${called}?tag=${tag}&tag=${tag}-b`)).status).toBe(201);
      const headers = { Accept: IMAGE_TYPE, Authorization: await wharf.authority.bearer(["pull"]) };
      for (const { url } of wharf.gateways)
        for (const method of ["GET", "HEAD", "GET"])
          for (const name of [tag, `${tag}-b`]) {
            const answer = await plainly(url, at(name), { method, headers });
            expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, called]);
            expect(answer.body.toString()).toBe(method === "GET" ? one.text : "");
          }
      const same = { ...headers, "If-None-Match": `"${called}"` };
      expect((await ask("GET", at(tag), { headers: same })).status).toBe(304);
      expect((await read(one.digest)).headers["docker-content-digest"]).toBe(one.digest);
      expect((await put(two, tag)).status).toBe(201);
      expect((await read(tag)).headers["docker-content-digest"]).toBe(two.digest);
    },
  );

  test("Listing Tags: MUST be in order, n and last and a Link as they say; n=0 MUST be empty without a Link", async () => {
    const list = async (query: string) => {
      const { body, headers } = await ask("GET", `/v2/${REPOSITORY}/tags/list?${query}`);
      return { tags: (JSON.parse(body.toString()) as { tags: string[] }).tags, link: headers.link };
    };
    for (const tag of ["listed", "listed-too", "Listed", "0"]) await put(image(tag), tag);
    const all = (await list("")).tags;
    expect(all).toEqual([...all].sort());
    const page = await list("n=2");
    expect(page.tags).toEqual(all.slice(0, 2));
    expect(page.link).toContain('rel="next"');
    expect((await list(`n=2&last=${all[1] ?? ""}`)).tags).toEqual(all.slice(2, 4));
    expect(await list("n=0")).toEqual({ tags: [], link: undefined });
  });

  test("Deleting tags, Deleting Manifests: MUST be 202, and 404 afterwards; where deletion is not meant, blobs are 405", async () => {
    const one = image("deleted");
    await put(one, "changing-deleted");
    expect((await ask("DELETE", at("changing-deleted"))).status).toBe(202);
    expect((await read("changing-deleted")).status).toBe(404);
    expect((await ask("DELETE", at(one.digest))).status).toBe(202);
    expect((await read(one.digest)).status).toBe(404);
    expect((await ask("DELETE", `/v2/${REPOSITORY}/blobs/${digestOf(BLOB)}`)).status).toBe(405);
  });
});
