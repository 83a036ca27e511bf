import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { expectRecorded } from "./support/recorded.js";
import {
  imageManifest,
  jsonOf,
  putImage,
  startRestStack,
  type RestStack,
} from "./support/stack.js";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const APP = "/repositories/alpha/app";
const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const predicate = (type: string) => ({ "dev.sigstore.bundle.predicateType": type });

interface Node {
  readonly digest: string;
  readonly kind: string;
  readonly tag: string | null;
  readonly referrers: readonly Node[];
}

let stack: RestStack;
let rest: RestStack["rest"];
/** What two tags mean. */
let [one, two] = ["", ""];
let [sbom, signatureOfSbom, bundle, attestation] = ["", "", "", ""];
const cosignTag = () => `${one.replace(":", "-")}.sig`;

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  const { ledger, registry } = stack;
  for (const repository of ["alpha/app", "hidden/app"]) {
    one = await putImage(ledger, repository, "1.0", "one");
    two = await putImage(ledger, repository, "2.0", "two");
    for (const [tag, content] of [
      ["1.0", "one"],
      ["2.0", "two"],
    ] as const)
      registry.write(repository, tag, imageManifest(content));
    sbom = await refer(repository, one, "application/spdx+json");
    signatureOfSbom = await refer(repository, sbom, "application/vnd.cncf.notary.signature");
    bundle = await refer(repository, two, BUNDLE, predicate("https://sigstore.dev/cosign/sign/v1"));
    attestation = await refer(repository, one, BUNDLE, predicate("https://slsa.dev/provenance/v1"));
    await putImage(ledger, repository, cosignTag(), "a signature of cosign 2");
  }
  await stack.ledger.db.query(
    "update ledger.manifest set deleted_at = now(), deleted_by = 'alice' where digest = $1",
    [await refer("alpha/app", one, "application/vnd.example.deleted")],
  );
});
afterAll(() => stack.stop());

/** The ledger has it as if it had been pushed: triggers note what it refers to. */
async function refer(
  repository: string,
  subject: string,
  artifactType: string,
  annotations: object = {},
): Promise<string> {
  const content = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: MANIFEST, artifactType, annotations },
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: subject, size: 2 },
    layers: [],
    subject: { mediaType: MANIFEST, digest: subject, size: 1 },
  });
  const digest = digestOf(Buffer.from(content));
  await stack.ledger.db.query(
    `with stored as (
       insert into ledger.manifest (repository, digest, media_type, content) values ($1, $2, $3, $4)
     ) select`,
    [repository, digest, MANIFEST, Buffer.from(content)],
  );
  await stack.ledger.db.query(
    `insert into ledger.manifest_reference (repository, digest, target, kind) values ($1, $2, $3, 'subject')`,
    [repository, digest, subject],
  );
  stack.registry.write(repository, digest, content, MANIFEST);
  return digest;
}

const told = ({ digest, kind, tag, referrers }: Node): unknown => [
  ...[digest, kind, tag],
  ...(referrers.length === 0 ? [] : [referrers.map(told)]),
];

async function treeOf(name: string): Promise<readonly Node[]> {
  const answer = await rest(`${APP}/referrer-tree?of=${name}`);
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  const { referrers, isWhole } = jsonOf(answer) as { referrers: Node[]; isWhole: boolean };
  expect(isWhole).toBe(true);
  return referrers;
}

test("what the document shows of referrers is what is answered", async () => {
  expectRecorded("referrers.tree", await rest(`${APP}/referrer-tree?of=1.0`));
  expectRecorded("referrers.list", await rest(`${APP}/referrers?limit=1`));
});

describe("referrers of an image", () => {
  test("are a tree, with what cosign 2 keeps under tags, and without what was deleted", async () => {
    const tree = await treeOf("1.0");
    const wanted = [
      [sbom, "sbom", null, [[signatureOfSbom, "signature", null]]],
      [attestation, "attestation", null],
      [expect.anything(), "signature", cosignTag()],
    ];
    expect(tree.map(told)).toHaveLength(wanted.length);
    expect(tree.map(told)).toEqual(expect.arrayContaining(wanted));
    expect((await treeOf(two)).map(told)).toEqual([[bundle, "signature", null]]);
  });

  test("of one without any are none", async () => {
    expect(await treeOf(signatureOfSbom)).toEqual([]);
    expect(await treeOf(`sha256:${"a".repeat(64)}`)).toEqual([]);
  });

  test("tell in the list of tags which of them are signed", async () => {
    const { items } = jsonOf(await rest(`${APP}/tags?sort=name`)) as {
      items: { name: string; hasSignature: boolean; hasReferrers: boolean }[];
    };
    const signed = items.filter(({ hasSignature }) => hasSignature).map(({ name }) => name);
    expect(signed).toEqual(["1.0", "2.0"]);
    await stack.ledger.db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = $1",
      [cosignTag()],
    );
    const after = jsonOf(await rest(`${APP}/tags?sort=name`)) as typeof items & {
      items: typeof items;
    };
    // It has an SBOM and an attestation by a bundle still, which are no signatures of it.
    expect(after.items.map(({ name, hasSignature, hasReferrers }) => [name, hasSignature, hasReferrers])).toEqual([
      ["1.0", false, true],
      ["2.0", true, true],
    ]); // prettier-ignore
    await stack.ledger.db.query(
      "update ledger.tag set deleted_at = null, deleted_by = null where name = $1",
      [cosignTag()],
    );
  });
});

describe("all referrers of a repository", () => {
  interface Listed {
    readonly subject: string;
    readonly subjectTags: string[];
    readonly digest: string;
    readonly tag: string | null;
  }
  async function pages(limit: number): Promise<readonly Listed[]> {
    const all: Listed[] = [];
    let cursor = "";
    do {
      const answer = await rest(`${APP}/referrers?limit=${limit}${cursor}`);
      expect(answer.status).toBe(200);
      const { items, next } = jsonOf(answer) as { items: Listed[]; next: string | null };
      all.push(...items);
      cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== "");
    return all;
  }

  test.each([1, 2, 3, 100])("are listed by their subjects, %d on a page", async (limit) => {
    const all = await pages(limit);
    const keys = all.map(({ subject, tag, digest }) => [subject, tag ?? "", digest].join(" "));
    expect(keys).toEqual([...keys].sort());
    const digests = [sbom, signatureOfSbom, bundle, attestation];
    expect(new Set(all.filter(({ tag }) => tag === null).map(({ digest }) => digest))).toEqual(
      new Set(digests),
    );
    expect(all).toHaveLength(digests.length + 1);
    expect(all.filter(({ tag }) => tag !== null)).toMatchObject([
      { subject: one, subjectTags: ["1.0"], tag: cosignTag(), kind: "signature" },
    ]);
  });
});

test.each([
  [`${APP}/referrer-tree`, 400],
  [`${APP}/referrer-tree?of=nothing`, 404],
  [`${APP}/referrers?limit=201`, 400],
  [`${APP}/referrers?cursor=made-up`, 400],
  ["/repositories/hidden/app/referrer-tree?of=1.0", 404],
  ["/repositories/hidden/app/referrers", 404],
])("%s is refused", async (path, status) => {
  expect((await rest(path)).status).toBe(status);
});
