import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { REPOSITORY } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

const BODY = Buffer.from("hello");
const UPLOADS = `/v2/${REPOSITORY}/blobs/uploads/`;

describe.each(registryPrograms())("requests to uploads, registry $version", ({ file }) => {
  let postgres: TestPostgres;
  let ledger: TestLedger;
  let registry: TestRegistry;
  let authority: TokenAuthority;
  let gateway: TestGateway;
  let Authorization: string;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    ledger = await createLedger(postgres);
    registry = await startStock(file, { http: { relativeurls: true } });
    authority = await startTokenAuthority();
    Authorization = await authority.bearer(["pull", "push"]);
    const urls = { registryUrl: registry.url, tokenServerUrl: authority.server.url };
    gateway = await startGateway({ ...urls, db: ledger.open() });
  });
  afterAll(async () => {
    await gateway.stop();
    await authority.server.stop();
    await registry.stop();
    await ledger.close();
    await postgres.stop();
  });

  const send = (method: string, target: string, headers: object = {}, body?: Buffer) =>
    ask(gateway.url, target, {
      method,
      headers: { ...headers, Authorization },
      ...(body === undefined ? {} : { body }),
    });
  const begin = async (): Promise<string> => (await send("POST", UPLOADS)).headers.location ?? "";

  test.each([
    ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"],
    ...["application/octet-stream; charset=x", "application/octet-stream"],
  ])("bytes are bytes, whatever a client calls them: %s", async (type) => {
    const headers = { "Content-Type": type };
    const patched = await send("PATCH", await begin(), headers, BODY);
    expect(patched.status).toBe(202);
    const end = `${patched.headers.location}&digest=${digestOf(BODY)}`;
    expect((await send("PUT", end, headers, Buffer.alloc(0))).status).toBe(201);
    const whole = `${await begin()}&digest=${digestOf(BODY)}`;
    expect((await send("PUT", whole, headers, BODY)).status).toBe(201);
  });

  test.each(["0-4", "bytes 0-4/5", "Bytes 0-4/*", "bytes 0-4"])(
    "a chunk is at %s",
    async (range) => {
      const answer = await send("PATCH", await begin(), { "Content-Range": range }, BODY);
      expect([answer.status, answer.headers.range]).toEqual([202, "0-4"]);
    },
  );

  test.each(["garbage", "0-", "-4", "+0-4", "0-99999999999999999999", "lines 0-4/5", "0x0-4"])(
    "a chunk is nowhere at %s, for good",
    async (range) => {
      const answer = await send("PATCH", await begin(), { "Content-Range": range }, BODY);
      expect([answer.status, errorOf(answer).message]).toEqual([
        400,
        "Content-Range has to be <first>-<last>",
      ]);
    },
  );

  test.each(["GET", "HEAD", "DELETE", "PATCH", "PUT"])(
    "%s of an upload whose id the storage has no name for is final",
    async (method) => {
      for (const id of ["=", "a.b=c", "a%3D"])
        expect((await send(method, `${UPLOADS}${id}?digest=${digestOf(BODY)}`)).status).toBe(400);
    },
  );

  test.each([
    "sha256:abc",
    "sha256",
    "md5:x",
    "sha384:" + "a".repeat(64),
    "sha1:" + "a".repeat(40),
    "sha256:" + "A".repeat(64),
  ])("%s is no digest, wherever it stands", async (digest) => {
    const upload = `${await begin()}&digest=${digest}`;
    const answers = [await send("PUT", upload, {}, BODY)];
    for (const kind of ["blobs", "referrers"])
      answers.push(await send("GET", `/v2/${REPOSITORY}/${kind}/${digest}`));
    for (const answer of answers)
      expect([answer.status, errorOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
  });

  test("a chunk that does not follow the one before is 416 and tells where to go on, also with the closing PUT", async () => {
    const [one, two] = [Buffer.from("12345"), Buffer.from("678")];
    const digest = digestOf(Buffer.concat([one, two]));
    const begun = await begin();
    const early = await send("PATCH", begun, { "Content-Range": "5-7" }, two);
    expect([early.status, errorOf(early).code]).toEqual([416, "BLOB_UPLOAD_INVALID"]);
    expect([early.headers.location, early.headers.range]).toEqual([begun, "0-0"]);
    const first = await send(
      "PATCH",
      String(early.headers.location),
      { "Content-Range": "0-4" },
      one,
    );
    expect([first.status, first.headers.range]).toEqual([202, "0-4"]);
    const next = String(first.headers.location);
    for (const range of ["0-2", "6-8"])
      for (const [method, target] of [
        ["PATCH", next],
        ["PUT", `${next}&digest=${digest}`],
      ] as const) {
        const answer = await send(method, target, { "Content-Range": range }, two);
        expect([answer.status, answer.headers.location, answer.headers.range]).toEqual([
          416,
          next,
          "0-4",
        ]);
      }
    const short = await send("PATCH", next, { "Content-Range": "5-9" }, two);
    expect([short.status, errorOf(short).code]).toEqual([400, "SIZE_INVALID"]);
    const status = await send("GET", next);
    expect([status.status, status.headers.range]).toEqual([204, "0-4"]);
    const closed = await send("PUT", `${next}&digest=${digest}`, { "Content-Range": "5-7" }, two);
    expect(closed.status).toBe(201);
    expect((await send("GET", `/v2/${REPOSITORY}/blobs/${digest}`)).body.toString()).toBe(
      "12345678",
    );
  });

  test("a client whose answer got lost is told where to go on, by status and by 416, at the URL that it has", async () => {
    const [one, two] = [Buffer.from("12345"), Buffer.from("678")];
    const digest = digestOf(Buffer.concat([one, two, two]));
    const stale = await begin();
    const sent = await send("PATCH", stale, { "Content-Range": "0-4" }, one);
    for (const method of ["GET", "HEAD"]) {
      const status = await send(method, stale);
      expect([status.status, status.headers.range]).toEqual([204, "0-4"]);
    }
    const again = await send("PATCH", stale, { "Content-Range": "0-4" }, one);
    expect([again.status, again.headers.range]).toEqual([416, "0-4"]);
    // Nothing says where it belongs: registries of the line 2.8 do not know that URL, those of the line 3 know that it is old.
    expect([404, 416]).toContain((await send("PATCH", stale, {}, one)).status);
    const { location } = again.headers;
    expect(location).toBe(sent.headers.location);
    const next = await send("PATCH", String(location), { "Content-Range": "5-7" }, two);
    expect([next.status, next.headers.range]).toEqual([202, "0-7"]);
    for (const older of [stale, String(location)])
      expect((await send("GET", older)).headers.range).toBe("0-7");
    const closed = await send("PUT", `${stale}&digest=${digest}`, { "Content-Range": "8-10" }, two);
    expect(closed.status).toBe(201);
    expect((await send("GET", stale)).status).toBe(404);
  });

  test("an upload that is cancelled is gone", async () => {
    const begun = await begin();
    expect((await send("DELETE", begun)).status).toBe(204);
    expect((await send("GET", begun)).status).toBe(404);
  });

  test.each(["sha256", "sha512"])(
    "a blob that comes with POST is stored at once, and read and closed, by %s",
    async (algorithm) => {
      const like = `${algorithm}:` as Digest;
      const type = { "Content-Type": "application/octet-stream" };
      for (const blob of [Buffer.from(`at once ${algorithm}`), Buffer.alloc(0)]) {
        const digest = digestOf(blob, like);
        const at = `/v2/${REPOSITORY}/blobs/${digest}`;
        const posted = await send("POST", `${UPLOADS}?digest=${digest}`, type, blob);
        expect([
          posted.status,
          posted.headers.location,
          posted.headers["docker-content-digest"],
        ]).toEqual([201, at, digest]);
        for (const method of ["GET", "HEAD"]) {
          const read = await send(method, at);
          expect([
            read.status,
            read.headers["docker-content-digest"],
            read.headers["content-length"],
          ]).toEqual([200, digest, String(blob.length)]);
          expect(read.body.toString()).toBe(method === "GET" ? blob.toString() : "");
        }
        const put = await send("PUT", `${await begin()}&digest=${digest}`, type, blob);
        expect([put.status, put.headers.location, put.headers["docker-content-digest"]]).toEqual([
          201,
          at,
          digest,
        ]);
        const mounted = await send("POST", `${UPLOADS}?mount=${digest}&from=${REPOSITORY}`);
        if (mounted.status === 201) expect(mounted.headers["docker-content-digest"]).toBe(digest);
        else expect(mounted.status).toBe(202);
      }
      const wrong = await send(
        "POST",
        `${UPLOADS}?digest=${digestOf(Buffer.from("x"), like)}`,
        type,
        BODY,
      );
      expect([wrong.status, errorOf(wrong).code]).toEqual([400, "DIGEST_INVALID"]);
    },
  );

  test("a POST that names a digest and brings nothing begins an upload, as ever", async () => {
    const answer = await send("POST", `${UPLOADS}?digest=${digestOf(BODY)}`);
    expect(answer.status).toBe(202);
    const put = await send("PUT", `${answer.headers.location}&digest=${digestOf(BODY)}`, {}, BODY);
    expect(put.status).toBe(201);
  });

  test.each(["digest-algorithm=md5", "digest-algorithm=", "digest=sha256:abc", "digest=md5:x"])(
    "no upload begins with %s",
    async (query) => {
      const answer = await send("POST", `${UPLOADS}?${query}`);
      expect([answer.status, errorOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
    },
  );

  test("an upload may say by which algorithm its digest will be", async () => {
    expect((await send("POST", `${UPLOADS}?digest-algorithm=sha512`)).status).toBe(202);
  });
});
