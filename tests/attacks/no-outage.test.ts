import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { uploadBlob } from "#tests/integration/tags/support/blobs.js";
import { image, REPOSITORY } from "#tests/integration/tags/support/manifests.js";
import { plantManifest, schema1 } from "#tests/integration/tags/support/planted.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import type { AskOptions } from "#tests/support/http-client.js";

const BLOB = Buffer.from("a blob");
const STANDING = image("standing");
const SHA512 = `sha512:${"a".repeat(128)}`;
const NOWHERE = digestOf(Buffer.from("nowhere"));
const ODD = schema1("odd", digestOf(BLOB));
const DIGESTS = [digestOf(BLOB), digestOf(Buffer.from(ODD)), STANDING.digest, NOWHERE, SHA512];
const REFERENCES = [
  ...[...DIGESTS, "standing", "odd", "none", "sha256:abc", "md5:x", "a:b", "%00", "%F0", ".", ""],
  ...["x".repeat(129), "sha256", `${NOWHERE}%20`],
];
const STATES = [
  "",
  "?_state=x",
  "?_state=AAAA",
  "?_state=e30",
  "?_state=%00",
  `?digest=${NOWHERE}`,
];
const UPLOADS = ["x", "a.b", "..x", "-".repeat(128), "=", "00000000-0000-0000-0000-000000000000"];
const PAGES = [
  "n=0",
  "n=-1",
  "n=x",
  "n=999999999",
  "n=1&last=../x",
  "n=1&last=%00",
  "last=~",
  "last=A",
];
const READ_HEADERS: readonly Record<string, string>[] = [
  ...["", ";;;,", "application/vnd.docker.distribution.manifest.v2+json"].map((Accept) => ({
    Accept,
  })),
  ...["garbage", "*", `"${NOWHERE}"`].flatMap((tag) => [
    { "If-None-Match": tag },
    { "If-Match": tag },
  ]),
  ...["garbage", "bytes=9-1", "bytes=99-", "lines=1-2"].map((Range) => ({ Range })),
  { "If-Modified-Since": "garbage" },
];
const SENT_HEADERS: readonly Record<string, string>[] = [
  ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a/b"].map(
    (type) => ({
      "Content-Type": type,
    }),
  ),
  ...["garbage", "5-9", "9-1", "bytes 0-5/6", "0-99999999999999999999"].map((range) => ({
    "Content-Range": range,
  })),
];
const MANIFESTS = ["", "{}", "[]", "null", "1", '{"schemaVersion":2}', '{"schemaVersion":1}', ODD];
const TYPES = [
  ...["v1+json", "v1+prettyjws", "v2+json", "list.v2+json"].map(
    (kind) => `application/vnd.docker.distribution.manifest.${kind}`,
  ),
  ...["manifest", "index"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`),
  "application/json",
];

type Request = readonly [method: string, target: string, options?: AskOptions];

describe.each(registryPrograms())("bad input is no outage, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [{ id: "all", effect: "mutable" }]);
    await uploadBlob(wharf.registry.url, BLOB);
    await wharf.push(STANDING, "standing");
    await plantManifest(wharf.registry, ODD, { tag: "odd" });
  });
  afterAll(() => wharf.stop());

  /** Sends all, and expects that none is answered as if something were away. */
  const sendAll = async (requests: readonly Request[]): Promise<void> => {
    const outages: string[] = [];
    for (const [method, target, options = {}] of requests) {
      const { status, body } = await wharf.ask(["pull", "push", "delete"], target, {
        ...options,
        method,
      });
      const what = `${method} ${target} ${JSON.stringify(options)}`;
      if (status >= 500) outages.push(`${what}: ${status} ${body.toString()}`);
    }
    expect(outages).toEqual([]);
  };
  const at = (kind: string, name: string) => `/v2/${REPOSITORY}/${kind}/${name}`;

  test("when manifests and blobs are read", async () => {
    const requests: Request[] = [];
    for (const reference of REFERENCES)
      for (const kind of ["manifests", "blobs", "referrers"])
        for (const method of ["GET", "HEAD"]) requests.push([method, at(kind, reference)]);
    for (const headers of READ_HEADERS)
      for (const target of [at("manifests", "standing"), at("blobs", digestOf(BLOB))])
        requests.push(["GET", target, { headers }]);
    await sendAll(requests);
  });

  test("when lists are read", async () => {
    const lists = ["/v2/_catalog", at("tags", "list"), "/v2/alpha/none/tags/list"];
    await sendAll(
      lists.flatMap((list) => PAGES.map((page) => ["GET", `${list}?${page}`] as const)),
    );
  });

  test("when manifests are pushed", async () => {
    const requests: Request[] = [];
    for (const body of MANIFESTS)
      for (const type of TYPES)
        for (const reference of ["pushed", digestOf(Buffer.from(body))])
          requests.push([
            "PUT",
            at("manifests", reference),
            { headers: { "Content-Type": type }, body },
          ]);
    for (const reference of REFERENCES)
      requests.push([
        "PUT",
        at("manifests", reference),
        { headers: { "Content-Type": TYPES[4] }, body: "{}" },
      ]);
    await sendAll(requests);
  });

  test("when something is uploaded", async () => {
    const requests: Request[] = [];
    const fresh = async () =>
      (await wharf.ask(["pull", "push"], at("blobs", "uploads/"), { method: "POST" })).headers
        .location ?? "";
    for (const upload of UPLOADS)
      for (const state of STATES)
        for (const method of ["GET", "HEAD", "PATCH", "PUT", "DELETE"])
          requests.push([
            method,
            at("blobs", `uploads/${upload}${state}`),
            { ...(method.startsWith("P") && { body: BLOB }) },
          ]);
    for (const headers of SENT_HEADERS) {
      requests.push(["PATCH", await fresh(), { headers, body: BLOB }]);
      requests.push(["PUT", `${await fresh()}&digest=${digestOf(BLOB)}`, { headers, body: BLOB }]);
      requests.push(["POST", at("blobs", "uploads/"), { headers, body: BLOB }]);
    }
    for (const digest of [...DIGESTS, "sha256:abc", "x", ""]) {
      requests.push(["PUT", `${await fresh()}&digest=${digest}`, { body: "other bytes" }]);
      for (const from of [REPOSITORY, "alpha/none", "..", ""])
        requests.push(["POST", at("blobs", `uploads/?mount=${digest}&from=${from}`)]);
    }
    await sendAll(requests);
  });

  test("when something is deleted", async () => {
    const names = REFERENCES.filter((name) => name !== "standing" && name !== STANDING.digest);
    await sendAll(
      names.flatMap((name) => [
        ["DELETE", at("manifests", name)],
        ["DELETE", at("blobs", name)],
      ]),
    );
  });
});
