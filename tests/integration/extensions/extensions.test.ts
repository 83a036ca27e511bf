import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { discoverer } from "#tests/integration/discovery/support/discoverer.js";
import { image, INDEX_TYPE, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";

const PULL = { type: "repository", name: REPOSITORY, actions: ["pull"] } as const;
const AUDIT = { type: "registry", name: "administration", actions: ["*"] } as const;
const HISTORY = `/v2/${REPOSITORY}/_oci/tag-history`;
const LIST = `/v2/${REPOSITORY}/_wharfinger/tags/list`;
const EVENT = "org.opencontainers.distribution.tag.event";
const TIMESTAMP = "org.opencontainers.distribution.tag.timestamp";
const BY = "io.wharfinger.tag.by";
const NAME = "org.opencontainers.image.ref.name";
const CREATED = "org.opencontainers.image.ref.created";

interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const [one, two] = [image("one"), image("two")];
/** Of a tag that came to mean one, then two, was deleted and came back: the newest first. */
const MEANT = [
  { event: "created", of: two },
  { event: "deleted", of: two },
  { event: "created", of: two },
  { event: "created", of: one },
];

const descriptors = ({ body }: Answer): readonly Descriptor[] =>
  (JSON.parse(body.toString()) as { manifests: Descriptor[] }).manifests;
const nextOf = ({ headers }: Answer): string | undefined =>
  /^<([^>]+)>; rel="next"$/.exec(String(headers.link))?.[1];
const seen = (answer: Answer) =>
  descriptors(answer).map(({ digest, annotations }) => ({ event: annotations[EVENT], digest }));
const described = ({ text, digest, mediaType }: TestManifest) => ({
  ...{ digest, mediaType },
  size: Buffer.byteLength(text),
});

describe.each(registryPrograms())("extensions, registry $version", (program) => {
  let wharf: Wharf;
  let auditor: string;
  const pull = (target: string, headers = {}) => wharf.ask(["pull"], target, { headers });
  const audit = (target: string) =>
    ask(wharf.gateways[0].url, target, { headers: { Authorization: auditor } });
  const through = async (first: string, by: (target: string) => Promise<Answer>) => {
    const pages: Answer[] = [];
    for (let next: string | undefined = first; next !== undefined;) {
      const answer = await by(next);
      pages.push(answer);
      next = nextOf(answer);
    }
    return pages;
  };

  beforeAll(async () => {
    wharf = await startWharf(program.file, [
      { id: "changing", tags: ["changing*"], effect: "mutable", deletable: true },
    ]);
    auditor = `Bearer ${await wharf.authority.sign({ access: [PULL, AUDIT], subject: "erin" })}`;
    for (const manifest of [one, two]) await wharf.push(manifest, "changing");
    expect((await wharf.remove("changing")).status).toBe(202);
    for (const tag of ["changing", "changing-b"])
      expect((await wharf.push(two, tag)).status).toBe(201);
    expect((await wharf.push(one, "1.0")).status).toBe(201);
  });
  afterAll(() => wharf.stop());

  describe("discovery of extensions", () => {
    test("lists each by name, with url, description and endpoints, to whoever may use /v2/ at all", async () => {
      const target = "/v2/_oci/ext/discover";
      expect((await ask(wharf.gateways[0].url, target)).status).toBe(401);
      const headers = { Authorization: `Bearer ${await wharf.authority.sign()}` };
      const answer = await ask(wharf.gateways[0].url, target, { headers });
      expect([answer.status, answer.headers["content-type"]]).toEqual([
        200,
        "application/json; charset=utf-8",
      ]);
      const { extensions } = JSON.parse(answer.body.toString()) as { extensions: object[] };
      expect(extensions).toEqual([
        {
          name: "_oci",
          url: expect.stringMatching(/^https:/),
          description: expect.any(String),
          endpoints: [
            "/v2/_oci/ext/discover",
            "/v2/<name>/_oci/ext/discover",
            "/v2/<name>/_oci/tag-history/<tag>",
          ],
        },
        {
          name: "_wharfinger",
          url: expect.stringMatching(/^https:/),
          description: expect.any(String),
          endpoints: ["/v2/<name>/_wharfinger/tags/list", "/v2/<name>/tags/list"],
        },
      ]);
    });

    test("of a repository is for whoever may pull there, and the same whether there is one", async () => {
      expect((await pull("/v2/beta/secret/_oci/ext/discover")).status).toBe(401);
      const answer = await pull(`/v2/${REPOSITORY}/_oci/ext/discover`);
      expect(answer.status).toBe(200);
      expect(answer.body.toString()).not.toContain(REPOSITORY);
    });
  });

  describe("the history of a tag", () => {
    test("is an index of what it meant, the newest first, deletions among it", async () => {
      const answer = await audit(`${HISTORY}/changing`);
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, INDEX_TYPE]);
      expect(nextOf(answer)).toBeUndefined();
      expect(seen(answer)).toEqual(MEANT.map(({ event, of: { digest } }) => ({ event, digest })));
      const all = descriptors(answer);
      expect(all.map(({ annotations: _, ...rest }) => rest)).toEqual(
        MEANT.map(({ of }) => described(of)),
      );
      const times = all.map(({ annotations }) => annotations[TIMESTAMP] ?? "");
      expect([...times].sort().reverse()).toEqual(times);
      expect(new Set(times).size).toBe(MEANT.length);
    });

    test("says who and when to whoever may read the audit log, and to nobody else", async () => {
      const keys = (answer: Answer) => descriptors(answer).map((d) => Object.keys(d.annotations));
      const [first] = descriptors(await audit(`${HISTORY}/changing`));
      expect(first?.annotations).toEqual({
        [EVENT]: "created",
        [TIMESTAMP]: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        [BY]: "alice",
      });
      expect(keys(await pull(`${HISTORY}/changing`))).toEqual(MEANT.map(() => [EVENT]));
      for (const name of ["since", "before"]) {
        const target = `${HISTORY}/changing?${name}=2026-01-01T00:00:00Z`;
        expect([errorOf(await pull(target)).code, (await audit(target)).status]).toEqual([
          "DENIED",
          200,
        ]);
      }
    });

    test("is asked for by time, later and earlier ones strictly", async () => {
      const times = descriptors(await audit(`${HISTORY}/changing`)).map(
        ({ annotations }) => annotations[TIMESTAMP] ?? "",
      );
      const count = async (query: string) =>
        descriptors(await audit(`${HISTORY}/changing?${query}`)).length;
      expect(await count(`before=${times[1]}`)).toBe(2);
      expect(await count(`since=${times[1]}`)).toBe(1);
      expect(await count(`since=${times[3]}&before=${times[0]}`)).toBe(2);
      const inBerlin = encodeURIComponent("2999-01-01t00:00:00.5+01:00");
      expect(await count(`before=${inBerlin}`)).toBe(4);
    });

    test.each([
      "since=yesterday",
      "before=2026-13-01T00:00:00Z",
      "since=2026-01-01",
      "before=0000-01-01T00:00:00Z",
      "digest=sha256:abc",
      "n=-1",
      "cursor=made-up",
      "cursor=%00",
    ])("is not told for %s, which is none", async (query) => {
      expect((await audit(`${HISTORY}/changing?${query}`)).status).toBe(400);
    });

    test("of one digest leaves the others out", async () => {
      const of = async (digest: string) =>
        seen(await pull(`${HISTORY}/changing?digest=${digest}`)).length;
      expect([await of(one.digest), await of(two.digest), await of(image("no").digest)]).toEqual([
        1, 3, 0,
      ]);
    });

    test("comes in pages by Link, whose places say nothing and are good for this list alone", async () => {
      const pages = await through(`${HISTORY}/changing?n=1`, pull);
      expect(pages.map((page) => seen(page)).flat()).toEqual(
        MEANT.map(({ event, of: { digest } }) => ({ event, digest })),
      );
      expect(pages).toHaveLength(MEANT.length);
      const next = nextOf(pages[0] as Answer) ?? "";
      const cursor = new URLSearchParams(next.split("?")[1]).get("cursor") ?? "";
      expect(Buffer.from(cursor, "base64url").toString("latin1")).not.toContain("202");
      for (const other of [`${HISTORY}/changing-b`, LIST])
        expect((await pull(`${other}?cursor=${cursor}`)).status).toBe(400);
      const none = await pull(`${HISTORY}/changing?n=0`);
      expect([none.status, descriptors(none), nextOf(none)]).toEqual([200, [], undefined]);
    });

    test("outlives the tag, and its manifests", async () => {
      const gone = image("gone");
      expect((await wharf.push(gone, "changing-gone")).status).toBe(201);
      expect((await wharf.remove("changing-gone")).status).toBe(202);
      expect((await wharf.remove(gone.digest)).status).not.toBe(409);
      const answer = await pull(`${HISTORY}/changing-gone`);
      expect(descriptors(answer).map(({ annotations, ...rest }) => [annotations, rest])).toEqual([
        [{ [EVENT]: "deleted" }, described(gone)],
        [{ [EVENT]: "created" }, described(gone)],
      ]);
    });

    test("of what never was is empty, and HEAD says the same", async () => {
      for (const target of [`${HISTORY}/never`, `${HISTORY}/latest`]) {
        const answer = await pull(target);
        expect([answer.status, descriptors(answer)]).toEqual([200, []]);
        const head = await wharf.ask(["pull"], target, { method: "HEAD" });
        expect([head.status, head.headers["content-length"]]).toEqual([
          200,
          answer.headers["content-length"],
        ]);
      }
    });

    test("is not told without the right to pull", async () => {
      expect((await ask(wharf.gateways[0].url, `${HISTORY}/changing`)).status).toBe(401);
      for (const there of ["beta/secret", "beta/none"]) {
        const answer = await pull(`/v2/${there}/_oci/tag-history/changing`);
        expect([answer.status, errorOf(answer).code]).toEqual([401, "UNAUTHORIZED"]);
        expect(answer.headers["www-authenticate"]).toContain(`scope="repository:${there}:pull"`);
      }
    });

    test("has no refused push, no repeated one, and no other tag", async () => {
      expect((await wharf.push(one, "1.0")).status).toBe(201);
      expect((await wharf.push(one, "1.0")).status).toBe(201);
      expect((await wharf.push(two, "1.0")).status).toBe(409);
      expect(seen(await pull(`${HISTORY}/1.0`))).toEqual([
        { event: "created", digest: one.digest },
      ]);
    });
  });

  describe("the list of tags with what they mean", () => {
    const names = (answer: Answer) =>
      descriptors(answer).map(({ annotations }) => annotations[NAME]);

    const past = image("past the gateway");
    beforeAll(() => wharf.writeAtRegistry(past, "past"));

    test("has digest, media type, size and time of each, those past the gateway too, before and after discovery", async () => {
      const expected = async () => {
        const answer = await pull(LIST);
        expect([answer.status, answer.headers["content-type"]]).toEqual([200, INDEX_TYPE]);
        const of = Object.fromEntries(
          descriptors(answer).map(({ annotations, ...rest }) => [annotations[NAME] ?? "", rest]),
        );
        expect(of).toEqual({
          "1.0": described(one),
          changing: described(two),
          "changing-b": described(two),
          past: described(past),
        });
        for (const { annotations } of descriptors(answer))
          expect(Math.abs(Date.now() - Date.parse(annotations[CREATED] ?? ""))).toBeLessThan(
            600_000,
          );
      };
      await expected();
      await discoverer(wharf.ledger, wharf.db, wharf.registry.url)();
      await expected();
    });

    test("comes by name or time, forward and backward, in pages by Link", async () => {
      const byName = ["1.0", "changing", "changing-b", "past"];
      const byTime = names(await pull(`${LIST}?sort_by=created_at`));
      expect([...byTime].sort()).toEqual(byName);
      expect(byTime[3]).toBe("past");
      const orders: [string, readonly (string | undefined)[]][] = [
        ["", byName],
        ["sort_by=name&sort_order=desc", [...byName].reverse()],
        ["sort_by=created_at&sort_order=asc", byTime],
        ["sort_by=created_at&sort_order=desc", [...byTime].reverse()],
      ];
      for (const [query, wanted] of orders)
        for (const n of [1, 3, 4, 100]) {
          const pages = await through(`${LIST}?${query}&n=${n}`, pull);
          expect([query, n, pages.flatMap(names)]).toEqual([query, n, wanted]);
        }
      expect(names(await pull(`${LIST}?last=changing`))).toEqual(["changing-b", "past"]);
      const none = await pull(`${LIST}?n=0`);
      expect([none.status, names(none), nextOf(none)]).toEqual([200, [], undefined]);
    });

    test.each(["sort_by=size", "sort_order=up", "n=x", "sort_by=created_at&last=1.0", "cursor=x"])(
      "%s is refused",
      async (query) => {
        expect((await pull(`${LIST}?${query}`)).status).toBe(400);
      },
    );

    test("is what the list of tags is for whoever would rather have an index, as the draft says", async () => {
      const plain = `/v2/${REPOSITORY}/tags/list`;
      for (const [accept, isIndex] of [
        [INDEX_TYPE, true],
        [`${INDEX_TYPE}, */*`, true],
        [`${INDEX_TYPE}, application/json;q=0.5`, true],
        [`${INDEX_TYPE}, application/json`, false],
        [`${INDEX_TYPE};q=0`, false],
        ["application/json", false],
        ["*/*", false],
      ] as const) {
        const answer = await pull(`${plain}?n=2`, { Accept: accept });
        expect([accept, answer.headers["content-type"]]).toEqual([
          accept,
          isIndex ? INDEX_TYPE : "application/json; charset=utf-8",
        ]);
        expect(nextOf(answer)).toMatch(/^\/v2\/alpha\/app\/tags\/list\?/);
      }
      const pages = await through(`${plain}?n=3`, (next) => pull(next, { Accept: INDEX_TYPE }));
      expect(pages.flatMap(names)).toEqual(["1.0", "changing", "changing-b", "past"]);
    });

    test("of a repository that is not there is NAME_UNKNOWN, and of one that may not be pulled nothing", async () => {
      const access = [{ ...PULL, name: "alpha/none" }];
      const headers = { Authorization: `Bearer ${await wharf.authority.sign({ access })}` };
      const target = "/v2/alpha/none/_wharfinger/tags/list";
      const none = await ask(wharf.gateways[0].url, target, { headers });
      expect([none.status, errorOf(none).code]).toEqual([404, "NAME_UNKNOWN"]);
      expect((await pull("/v2/beta/secret/_wharfinger/tags/list")).status).toBe(401);
    });
  });

  test("while the ledger is away both are 503, as what is not known now", async () => {
    await wharf.database.cut();
    for (const target of [`${HISTORY}/changing`, LIST]) {
      const answer = await pull(target);
      expect([answer.status, errorOf(answer).code]).toEqual([503, "UNAVAILABLE"]);
    }
    expect((await pull(`/v2/${REPOSITORY}/_oci/ext/discover`)).status).toBe(200);
    await wharf.mend();
  });
});
