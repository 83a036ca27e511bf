import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { image, IMAGE_TYPE, index, INDEX_TYPE, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "snapshots", effect: "mutable", tags: ["*-SNAPSHOT"] },
  { id: "expiring", effect: "immutable", tags: ["exp-*"], deletable: true },
] as const;
const MEANWHILE = "another referrer was added meanwhile: push again";

type Condition = Readonly<Partial<Record<"If-Match" | "If-None-Match", string>>>;

let made = 0;
/** @returns a name that no other test has */
const fresh = (end: string) => `${(made += 1)}${end}`;
const etag = ({ digest }: TestManifest) => `"${digest}"`;

describe.each(registryPrograms())(
  "a push that asks what its tag is, registry $version",
  (program) => {
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, RULES);
    });
    afterAll(() => wharf.stop());

    const put = async (
      manifest: TestManifest,
      tag: string,
      condition: Condition,
      gateway: TestGateway = wharf.gateways[0],
    ): Promise<Answer> => {
      const Authorization = await wharf.authority.bearer(["pull", "push"]);
      const headers = { Authorization, "Content-Type": manifest.mediaType, ...condition };
      const target = `/v2/${REPOSITORY}/manifests/${tag}`;
      return ask(gateway.url, target, { method: "PUT", headers, body: manifest.text });
    };
    const read = (tag: string, method: "GET" | "HEAD", headers: Record<string, string> = {}) =>
      wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${tag}`, {
        method,
        headers: { Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}`, ...headers },
      });
    const meaningOf = async (tag: string) => (await wharf.describe(tag)).body["digest"];

    test("knows it by the ETag of GET, HEAD and PUT, by which a reader that has it gets 304", async () => {
      const [tag, one] = [fresh("-SNAPSHOT"), image(fresh(" one"))];
      expect((await wharf.push(one, tag)).headers["etag"]).toBe(etag(one));
      expect((await wharf.push(one, tag)).headers["etag"]).toBe(etag(one));
      for (const method of ["GET", "HEAD"] as const) {
        const answer = await read(tag, method);
        expect([answer.status, answer.headers["etag"]]).toEqual([200, etag(one)]);
        expect((await read(tag, method, { "If-None-Match": etag(one) })).status).toBe(304);
        expect((await read(tag, method, { "If-None-Match": '"other"' })).status).toBe(200);
      }
    });

    test("is made while a mutable tag is that, and else 412: nothing is stored, and it is free for the next", async () => {
      const tag = fresh("-SNAPSHOT");
      const [one, two, three] = [image(`${tag} 1`), image(`${tag} 2`), image(`${tag} 3`)];
      await wharf.push(one, tag);
      expect((await put(two, tag, { "If-Match": etag(one) })).status).toBe(201);
      const refused = await put(three, tag, { "If-Match": etag(one) });
      expect([refused.status, refused.headers["etag"]]).toEqual([412, etag(two)]);
      expect(errorOf(refused)).toEqual({
        code: "DENIED",
        message: "the tag means something else by now: read it again, then push",
        detail: { tag, digest: two.digest, failed: "If-Match" },
      });
      expect(await meaningOf(tag)).toBe(two.digest);
      expect(await wharf.atRegistry(three.digest)).toBe(404);
      expect((await wharf.audited("tag.refused")).filter((entry) => entry.tag === tag)).toEqual([]);
      expect((await put(three, tag, { "If-Match": etag(two) })).status).toBe(201);
      // A repeat of what has been done, whose answer was lost.
      expect((await put(three, tag, { "If-Match": etag(two) })).status).toBe(201);
    });

    test("for nothing is made once, under mutable and immutable tags", async () => {
      for (const tag of [fresh("-SNAPSHOT"), fresh(".0")]) {
        const one = image(`${tag} 1`);
        expect((await put(one, tag, { "If-Match": "*" })).status).toBe(412);
        expect((await put(one, tag, { "If-None-Match": "*" })).status).toBe(201);
        const again = await put(one, tag, { "If-None-Match": "*" });
        expect([again.status, errorOf(again).message]).toEqual([
          412,
          "tag already exists, and If-None-Match asks for none",
        ]);
      }
    });

    // RFC 9110 section 13.2.1: what would be refused without a condition is refused the same with one.
    test("of an immutable tag for other content is 409 whatever it asks: no other push could be made", async () => {
      const [tag, one] = [fresh(".0"), image(fresh(" one"))];
      await wharf.push(one, tag);
      for (const condition of [
        { "If-Match": etag(one) },
        { "If-Match": '"other"' },
        { "If-None-Match": "*" },
      ]) {
        const answer = await put(image(`${tag} other`), tag, condition);
        expect([answer.status, errorOf(answer).code]).toEqual([409, "DENIED"]);
      }
      expect((await put(one, tag, { "If-Match": '"other"' })).status).toBe(201);
    });

    test("takes a deleted tag for none, and what the registry alone knows for what it is", async () => {
      const [gone, one] = [fresh("-SNAPSHOT"), image(fresh(" one"))];
      await wharf.push(one, gone);
      expect((await wharf.remove(gone)).status).toBe(202);
      expect((await put(image(`${gone} 2`), gone, { "If-Match": etag(one) })).status).toBe(412);
      expect((await put(image(`${gone} 2`), gone, { "If-None-Match": "*" })).status).toBe(201);
      const foreign = fresh("-SNAPSHOT");
      await wharf.writeAtRegistry(one, foreign);
      const two = image(`${foreign} 2`);
      expect((await put(two, foreign, { "If-None-Match": "*" })).status).toBe(412);
      expect((await put(two, foreign, { "If-Match": etag(one) })).status).toBe(201);
    });

    test("in words that nobody understands is 400, and nothing is stored", async () => {
      const [tag, one] = [fresh("-SNAPSHOT"), image(fresh(" one"))];
      const answer = await put(one, tag, { "If-Match": one.digest });
      expect([answer.status, errorOf(answer).code]).toEqual([400, "UNSUPPORTED"]);
      expect(await wharf.atRegistry(one.digest)).toBe(404);
    });

    test("is 503 while Postgres is away: nothing is decided then", async () => {
      const [tag, one] = [fresh("-SNAPSHOT"), image(fresh(" one"))];
      await wharf.push(one, tag);
      await wharf.database.cut();
      try {
        for (const condition of [{ "If-Match": '"other"' }, { "If-None-Match": "*" }]) {
          const answer = await put(image(`${tag} 2`), tag, condition);
          expect([answer.status, answer.headers["retry-after"]]).toEqual([503, expect.any(String)]);
        }
      } finally {
        await wharf.database.mend();
      }
      expect(await meaningOf(tag)).toBe(one.digest);
    });

    test.each([
      ["the same that is held", "If-Match"],
      ["nothing", "If-None-Match"],
    ] as const)(
      "at the same time as eleven others, for %s, is made once",
      async (_what, header) => {
        for (let round = 0; round < 5; round += 1) {
          const [tag, held] = [fresh("-SNAPSHOT"), image(fresh(" held"))];
          if (header === "If-Match") await wharf.push(held, tag);
          const offered = Array.from({ length: 12 }, (_, i) => image(`${tag} ${i}`));
          const condition = { [header]: header === "If-Match" ? etag(held) : "*" };
          const answers = await Promise.all(
            offered.map((one, i) => put(one, tag, condition, wharf.gateways[i % 2])),
          );
          const statuses = answers.map(({ status }) => status);
          expect(statuses.filter((status) => status === 201)).toHaveLength(1);
          expect(statuses.filter((status) => status === 412)).toHaveLength(11);
          expect(await meaningOf(tag)).toBe(offered[statuses.indexOf(201)]?.digest);
        }
      },
    );

    test("to add a referrer at the same time as seven others is told so, and none gets lost when all push again", async () => {
      const tag = image(fresh(" subject")).digest.replace(":", "-");
      const referrers = Array.from({ length: 8 }, (_, i) => image(`${tag} ${i}`));
      for (const one of referrers) await wharf.push(one);
      const told = new Set<unknown>();
      let held: readonly TestManifest[] = [];
      const attach = async (one: TestManifest, i: number): Promise<void> => {
        for (;;) {
          const seen = held;
          const before = seen.length === 0 ? null : index("", ...seen);
          const condition: Condition =
            before === null ? { "If-None-Match": "*" } : { "If-Match": etag(before) };
          const after = [...seen, one];
          const answer = await put(index("", ...after), tag, condition, wharf.gateways[i % 2]);
          if (answer.status === 201) {
            held = after;
            return;
          }
          expect(answer.status).toBe(412);
          told.add(errorOf(answer).message);
          // Whoever won may not have heard of it yet.
          if (held === seen) await wharf.describe(tag);
        }
      };
      await Promise.all(referrers.map(attach));
      expect([...told]).toEqual([MEANWHILE]);
      expect(await meaningOf(tag)).toBe(index("", ...held).digest);
      expect(held).toHaveLength(8);
    });
  },
);
