import { X509Certificate } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { envReader } from "#service-kit/config.js";
import { jsonFetcher } from "#service-kit/http/fetch-json.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { refusedFiles } from "#service-kit/refused-files.js";
import type { Authority } from "#service-kit/signing/certificates.js";
import {
  followOutboundAuthorities,
  readOutboundAuthorities,
  trustOutboundAuthorities,
} from "#service-kit/tls/outbound-authorities.js";
import { makeAuthority } from "#tests/support/certificates.js";
import { eventually } from "#tests/support/eventually.js";
import { startForwardProxy } from "#tests/support/forward-proxy.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { ask } from "#tests/support/http-client.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { frontBefore, type TlsFront } from "#tests/support/tls-front.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";
import { jsonService, type JsonService } from "../logins/support/json-service.js";
import { readableLog } from "../logins/support/log.js";

/** A company's own, which nobody else knows. */
let authority: Authority;
let folder: TemporaryFolder;
let file: string;
let service: JsonService;
let front: TlsFront;
let open: Outgoing[];
const known = getCACertificates("default");

beforeEach(async () => {
  folder = await temporaryFolder();
  authority = await makeAuthority();
  file = join(folder.path, "company.pem");
  await put(authority.certificatePem);
  service = await jsonService(() => ({ status: 200, body: { uid: "alice", realm: "/x" } }));
  const { port } = new URL(service.url);
  front = await frontBefore(Number(port), authority, ["localhost", "service.example.org"]);
  open = [];
});
afterEach(async () => {
  setDefaultCACertificates(known);
  for (const each of open) each.close();
  await Promise.all([front.stop(), service.stop(), folder.remove()]);
});

async function put(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function asking(host = "localhost", env: Record<string, string> = {}) {
  const connections = outgoing(readProxies(envReader(env)));
  open.push(connections);
  return jsonFetcher(connections)(new URL(`https://${host}:${front.port}/`), {}, 5_000);
}

test("who is certified by a company's own authority is asked, once that is trusted", async () => {
  await expect(asking()).rejects.toThrow(/could not be reached|certificate/);
  trustOutboundAuthorities(file);
  await expect(asking()).resolves.toMatchObject({ status: 200 });
});

test("the same through a proxy: what is on the other end of the tunnel is verified", async () => {
  const proxy = await startForwardProxy();
  const by = { HTTPS_PROXY: proxy.url() };
  await expect(asking("service.example.org", by)).rejects.toThrow();
  trustOutboundAuthorities(file);
  await expect(asking("service.example.org", by)).resolves.toMatchObject({ status: 200 });
  expect(proxy.asked).toEqual([
    `CONNECT service.example.org:${front.port}`,
    `CONNECT service.example.org:${front.port}`,
  ]);
  await proxy.stop();
});

test("the file is followed; a broken one leaves those that were trusted, and says so", async () => {
  await put((await makeAuthority()).certificatePem);
  const log = readableLog();
  const files = refusedFiles(new Registry());
  const following = await followOutboundAuthorities(file, { log: log.log, files });
  await expect(asking()).rejects.toThrow();
  await put(authority.certificatePem);
  await eventually("it is trusted", () => log.linesOf("outbound-authorities.changed").length === 1);
  await expect(asking()).resolves.toMatchObject({ status: 200 });
  await put("nothing");
  await eventually("it is refused", () => files.warnings().length === 1);
  expect(log.linesOf("outbound-authorities.refused")).toHaveLength(1);
  await expect(asking()).resolves.toMatchObject({ status: 200 });
  await following?.stop();
});

test("whom Node knows stays trusted", () => {
  trustOutboundAuthorities(file);
  const prints = (all: readonly string[]) =>
    new Set(all.map((pem) => new X509Certificate(pem).fingerprint256));
  const [before, after] = [prints(known), prints(getCACertificates("default"))];
  expect([...before].filter((one) => !after.has(one))).toEqual([]);
  expect(after.size).toBe(before.size + 1);
});

test("a file without a certificate is refused at start", async () => {
  await put("nothing");
  const read = envReader({ OUTBOUND_CA_FILE: file });
  readOutboundAuthorities(read);
  expect(() => {
    read.throwIfFaulty();
  }).toThrow(/OUTBOUND_CA_FILE: .*holds no certificate/);
});

test("a token server asks its tokeninfo service so, with the variable alone", async () => {
  const postgres = await startTestPostgres();
  const database = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]);
  const logIn = async (told: Record<string, string>) => {
    const started = await startTokenServerProcess({
      DB_SUBNAME: `//${database.host}:${database.port}/${database.database}`,
      DB_USER: database.user,
      DB_PASSWORD: database.password.reveal(),
      KEYS_DIR: join(folder.path, "keys"),
      HTTP_TOKENINFO_URL: `https://localhost:${front.port}/tokeninfo`,
      ...told,
    });
    if (!started.started) throw new Error(started.output);
    const authorization = `Basic ${Buffer.from("oauth2:one").toString("base64")}`;
    const answer = await ask(started.url, "/token?service=wharfinger", {
      headers: { authorization },
    });
    await started.stop();
    return answer.status;
  };
  expect(await logIn({})).toBe(503);
  expect(await logIn({ OUTBOUND_CA_FILE: file })).toBe(200);
  await postgres.stop();
});
