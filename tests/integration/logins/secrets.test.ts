import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { inspect } from "node:util";
import { fetchJson } from "#service-kit/http/fetch-json.js";
import { authenticate } from "#token-server/identity/authenticate.js";
import { readLogins } from "#token-server/logins/config.js";
import { createIdentitySources } from "#token-server/logins/create-identity-sources.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { jsonService, type JsonService } from "./support/json-service.js";
import { readableLog } from "./support/log.js";
import { credentials } from "./support/logins.js";
import { documentMaker } from "./support/machine-documents.js";
import { testIssuer, type TestIssuer } from "./support/oidc-issuer.js";

const OPAQUE = "opaque-5ecretOpaqueToken";
const PASSWORD = "pass-5ecretPassword";

let folder: TemporaryFolder;
let service: JsonService;
let issuer: TestIssuer;

beforeEach(async () => {
  folder = await temporaryFolder();
  issuer = await testIssuer();
  service = await jsonService(() => ({ status: 500, body: {} }));
});
afterEach(async () => {
  await service.stop();
  await issuer.stop();
  await folder.remove();
});

test("no login of any kind, right, wrong or undecided, leaves its credential in log or error", async () => {
  const make = documentMaker(folder.path);
  const signer = await make.rsaSigner("aws");
  await writeFile(join(folder.path, "users"), `alice:${bcrypt.hashSync(PASSWORD, 4)}\n`);
  await writeFile(join(folder.path, "logins.yaml"), loginsFile(issuer.url, signer.certificateFile));
  const readable = readableLog();
  const { log } = readable;
  const { sources, teams } = createIdentitySources(
    {
      tokeninfoUrl: `${service.url}/tokeninfo`,
      teamServiceUrl: service.url,
      iidinfoUrl: null,
      logins: readLogins(join(folder.path, "logins.yaml")),
    },
    { robots: null, now: Date.now, log, fetchJson },
  );
  const deps = {
    identities: { current: () => ({ sources }) },
    allowPublicRead: false,
    unrestricted: false,
  };
  const document = await make.sign([signer]);
  const foreignDocument = await make.sign([await make.rsaSigner("stranger")]);
  const token = await issuer.token({ sub: "ci", aud: "wharfinger" });
  const wrongToken = await issuer.token({ sub: "ci", aud: "other" });
  const seen: string[] = [];
  const attempt = async (username: string, password: string) => {
    try {
      const login = await authenticate(deps, credentials(username, password));
      seen.push(inspect(login, { depth: 10 }), JSON.stringify(login));
      await teams.teamsOf(login);
    } catch (error) {
      log.error({ err: error });
      seen.push(inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error));
    }
  };

  const answers = [200, 400, 500].map((status) => ({ status, body: { uid: "alice" } }));
  for (const [index, answer] of answers.entries()) {
    service.answer = ({ path }) => (path === "/tokeninfo" ? answer : { status: 500, body: {} });
    await attempt("oauth2", `${OPAQUE}-${index}`);
  }
  for (const each of [token, wrongToken, `${token}x`]) await attempt("oidc", each);
  for (const each of [document, foreignDocument, document.slice(0, 800)])
    await attempt("instance-identity-document", each);
  for (const each of [PASSWORD, `${PASSWORD}-wrong`]) await attempt("alice", each);
  await attempt("bob", PASSWORD);

  const said = readable.text() + seen.join("\n");
  expect(seen.length).toBeGreaterThan(20);
  expect(said).toContain("the team service is unavailable");
  expect(said).toContain("i-0123456789abcdef0");
  const parts = [token, wrongToken].flatMap((each) => each.split("."));
  const lines = [document, foreignDocument].flatMap((each) => each.split("\n").slice(0, -1));
  for (const secret of [OPAQUE, PASSWORD, ...parts, ...lines]) expect(said).not.toContain(secret);
});

function loginsFile(issuerUrl: string, certificatesFile: string): string {
  return `
oidc:
  - { issuer: "${issuerUrl}", audience: wharfinger, require: anybody, uid: sub }
machines:
  certificatesFile: ${certificatesFile}
  accounts: ["123456789012"]
  regions: [eu-west-1]
htpasswd: { file: users }
ldap: { url: "ldap://127.0.0.1:1", base: "dc=example,dc=org" }
sharedRealms: [/employees, /services]
`;
}
