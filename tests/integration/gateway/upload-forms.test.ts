import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
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
    "sha384:" + "a".repeat(96),
    "sha256:" + "A".repeat(64),
  ])("%s is no digest, wherever it stands", async (digest) => {
    const upload = `${await begin()}&digest=${digest}`;
    const answers = [await send("PUT", upload, {}, BODY)];
    for (const kind of ["blobs", "referrers"])
      answers.push(await send("GET", `/v2/${REPOSITORY}/${kind}/${digest}`));
    for (const answer of answers)
      expect([answer.status, errorOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
  });
});
