import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { fetchJson } from "#service-kit/http/fetch-json.js";
import { readLogins } from "#token-server/logins/config.js";
import {
  createIdentitySources,
  type IdentityConfig,
} from "#token-server/logins/create-identity-sources.js";
import { tokeninfoRealms } from "#token-server/logins/realm-owners.js";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "./support/log.js";
import { credentials } from "./support/logins.js";
import { documentMaker } from "./support/machine-documents.js";
import { unsignedToken } from "./support/oidc-issuer.js";

const OIDC = `oidc:
  - issuer: https://issuer.example
    audience: wharfinger
    require: anybody
    uid: sub
`;
const MACHINES = `machines:
  certificatesFile: aws.pem
  accounts: ["123456789012"]
  regions: [eu-west-1]
`;
const SHARED = "sharedRealms: [/employees, /services]\n";
const LDAP = `ldap:
  url: ldaps://ldap.example.org
  base: dc=example,dc=org
`;
const HTPASSWD = `htpasswd:
  file: users
`;

let folder: TemporaryFolder;
let path: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "logins.yaml");
});
afterEach(() => folder.remove());

describe("without a logins file", () => {
  test("there are the logins that Pier One has, by their environment variables", () => {
    const urls = { tokeninfoUrl: "http://tokeninfo", iidinfoUrl: "http://iidinfo" };
    const { sources } = create({ ...urls, logins: readLogins(null) });
    expect(sources.map(({ name }) => name)).toEqual(["oauth2", "machine"]);
    expect(create({ logins: readLogins(null) }).sources).toEqual([]);
  });
});

describe("a logins file", () => {
  test("turns on what it names, and each login finds its own", async () => {
    await users();
    await certificates();
    const logins = await read(OIDC + MACHINES + HTPASSWD + LDAP + SHARED);
    const { sources } = create({ tokeninfoUrl: "http://tokeninfo", logins }, ROBOTS);
    expect(sources.map(({ name }) => name)).toEqual([
      ...["oidc", "oauth2", "machine", "robot", "htpasswd", "ldap"],
    ]);
    const token = unsignedToken({ alg: "RS256" }, { iss: "https://issuer.example" });
    const foreign = unsignedToken({ alg: "RS256" }, { iss: "https://other.example" });
    expect(accepting(sources, "oauth2", token)).toBe("oidc");
    expect(accepting(sources, "oidc", "x")).toBe("oidc");
    expect(accepting(sources, "oauth2", foreign)).toBe("oauth2");
    expect(accepting(sources, "oauth2", "opaque")).toBe("oauth2");
    expect(accepting(sources, "instance-identity-document", "MIAG")).toBe("machine");
    expect(accepting(sources, "robot-ci", "x")).toBe("robot");
    expect(accepting(sources, "alice", "x")).toBe("htpasswd");
    expect(accepting(sources, "bob", "x")).toBe("ldap");
  });

  test("without oauth2 leaves its user name to nobody", async () => {
    await users();
    const { sources } = create({ logins: await read(HTPASSWD + LDAP + SHARED) });
    expect(accepting(sources, "oauth2", "alice-password")).toBeNull();
  });

  test("may give teams and namespaces that everybody may read", async () => {
    const logins = await read(
      "teams: {alpha: [/employees/alice]}\nanonymous: {namespaces: [public]}\n",
    );
    const { teams, anonymousNamespaces } = create({ logins });
    const alice = { identity: oauthIdentity(), teams: null, validUntil: null, accessToken: null };
    await expect(teams.teamsOf(alice)).resolves.toEqual(["alpha"]);
    expect(anonymousNamespaces).toEqual(["public"]);
  });

  test("may say how long answers hold", async () => {
    const text = "tokeninfo: {cacheSeconds: 5}\nteamService: {staleSeconds: 0}\n";
    expect(await read(text)).toMatchObject({
      tokeninfo: { cacheSeconds: 5 },
      teamService: { staleSeconds: 0 },
    });
    expect(readLogins(null)).toMatchObject({
      tokeninfo: { cacheSeconds: 60 },
      teamService: { staleSeconds: 3_600 },
    });
  });
});

describe("a logins file is refused with the number of the line", () => {
  test.each<[string, string, RegExp]>([
    ["a misspelt section", "htpaswd:\n  file: users\n", /:1: .*htpaswd/],
    ["a misspelt key", `${LDAP}  basse: x\n`, /:\d: ldap: .*basse/],
    ["an issuer without an audience", OIDC.replace(/.*audience.*\n/, ""), /:2: oidc\.0\.audience/],
    [
      "an issuer without requirements",
      OIDC.replace(/.*require.*\n/, ""),
      /oidc\.0\.require.*anybody/,
    ],
    ["an issuer twice", OIDC + OIDC.replace("oidc:\n", ""), /:6: oidc\.1\.issuer: .*twice/],
    [
      "a file that is not there",
      HTPASSWD,
      /:2: htpasswd\.file: wanted a file that can be read: \//,
    ],
    ["no account", MACHINES.replace(/\[".*"\]/, "[]"), /:3: machines\.accounts/],
    [
      "an account that YAML takes for a number",
      MACHINES.replaceAll('"', ""),
      /:3: machines\.accounts/,
    ],
    ["no region", MACHINES.replace("[eu-west-1]", "[]"), /:4: machines\.regions/],
    ["a password in it", `${LDAP}  bindPassword: hunter2\n`, /ldap: .*bindPassword/],
    [
      "a team no repository can be named after",
      "teams:\n  Alpha: [/employees/alice]\n",
      /teams.*Alpha/,
    ],
    ["a member who is nobody", "teams:\n  alpha: [../alice]\n", /:2: teams\.alpha\.0: .*realm/],
    ["a cache of a day", "tokeninfo:\n  cacheSeconds: 86400\n", /:2: tokeninfo\.cacheSeconds/],
    ["no namespace", "anonymous:\n  namespaces: []\n", /:2: anonymous\.namespaces/],
    ["broken YAML", "oidc: [\n", /:\d: /],
  ])("when it has %s", async (_what, text, message) => {
    const refused = await read(text).then(
      () => "it was not refused",
      (error: unknown) => String(error),
    );
    expect(refused).toMatch(message);
    expect(refused).toContain(path);
    expect(refused).not.toContain("hunter2");
  });

  test.each<[string, string, string | null, RegExp]>([
    [
      "two issuers",
      OIDC + OIDC.replace("oidc:\n", "").replace("issuer.", "other."),
      null,
      /oidc\.0 and oidc\.1 .*\/services/,
    ],
    ["a password file and a directory", HTPASSWD + LDAP, null, /htpasswd and ldap .*\/employees/],
    [
      "a password file and the token service",
      HTPASSWD,
      "http://tokeninfo",
      /TOKENINFO_URL.* and htpasswd/,
    ],
    ["a directory and the token service", LDAP, "http://tokeninfo", /TOKENINFO_URL.* and ldap/],
    ["an issuer and the token service", OIDC, "http://tokeninfo", /TOKENINFO_URL.* and oidc\.0/],
    ["a directory and robots", `${LDAP}  realm: /robots\n`, null, /ldap: .*\/robots is kept/],
    [
      "an issuer and machines",
      `${OIDC}    realm: /machines\n`,
      null,
      /oidc\.0: .*\/machines is kept/,
    ],
  ])("when %s have one realm", async (_what, text, tokeninfoUrl, message) => {
    await users();
    const logins = await read(text);
    expect(() => create({ tokeninfoUrl, logins })).toThrow(message);
  });

  test("unless the realms differ, or it is said that they are shared", async () => {
    await users();
    const apart = await read(`${HTPASSWD}  realm: /local\n${LDAP}`);
    expect(() => create({ logins: apart })).not.toThrow();
    const besides = await read(`${HTPASSWD}tokeninfo: {realms: [/services]}\n`);
    expect(() => create({ tokeninfoUrl: "http://tokeninfo", logins: besides })).not.toThrow();
    const shared = await read(`${HTPASSWD}${LDAP}sharedRealms: [/employees]\n`);
    expect(() => create({ tokeninfoUrl: "http://tokeninfo", logins: shared })).not.toThrow();
  });

  test("the token service may say the realms of its list, or else those that no other source has", async () => {
    await users();
    const listed = tokeninfoRealms(await read("tokeninfo: {realms: [/customers]}\n"));
    expect(["/customers", "/employees", ""].map(listed)).toEqual([true, false, false]);
    const unlisted = tokeninfoRealms(await read(HTPASSWD));
    expect(["/customers", "/employees", ""].map(unlisted)).toEqual([true, false, true]);
    const shared = tokeninfoRealms(await read(`${HTPASSWD}sharedRealms: [/employees]\n`));
    expect(shared("/employees")).toBe(true);
  });

  test("when a member of a team is a uid alone that several realms could have", async () => {
    await users();
    const text = `${HTPASSWD}teams: {alpha: [alice]}\n`;
    const alone = create({ logins: await read(text) });
    const alice = { ...oauthIdentity({ kind: "htpasswd" }) };
    const login = { identity: alice, teams: null, validUntil: null, accessToken: null };
    await expect(alone.teams.teamsOf(login)).resolves.toEqual(["alpha"]);
    const withIssuer = await read(text + OIDC);
    expect(() => create({ logins: withIssuer })).toThrow(/teams\.alpha: "alice" could be/);
    const withService = await read("teams: {alpha: [alice]}\n");
    expect(() => create({ tokeninfoUrl: "http://tokeninfo", logins: withService })).toThrow(
      /teams\.alpha: "alice" could be/,
    );
  });

  test("when machines are known by a service and by it", async () => {
    await certificates();
    const logins = await read(MACHINES);
    expect(() => create({ iidinfoUrl: "http://iidinfo", logins })).toThrow(
      "machines: given together with HTTP_IIDINFO_URL",
    );
  });

  test("when a file that it names is no good", async () => {
    const users = join(folder.path, "users");
    await writeFile(users, "");
    const logins = await read(HTPASSWD);
    await rm(users);
    expect(() => create({ logins })).toThrow(/users: .*ENOENT/);
  });
});

const ROBOTS: IdentitySource = {
  name: "robot",
  accepts: ({ username }) => username.startsWith("robot-"),
  verify: () => Promise.reject(new Error("not asked here")),
};

function create(config: Partial<IdentityConfig>, robots: IdentitySource | null = null) {
  const off = { tokeninfoUrl: null, teamServiceUrl: null, iidinfoUrl: null };
  const deps = { robots, now: Date.now, log: readableLog().log, fetchJson };
  return createIdentitySources({ ...off, logins: readLogins(null), ...config }, deps);
}

async function read(text: string) {
  await writeFile(path, text);
  return readLogins(path);
}

async function users(): Promise<void> {
  await writeFile(join(folder.path, "users"), `alice:${bcrypt.hashSync("alice-password", 4)}\n`);
}

async function certificates(): Promise<void> {
  const { certificateFile } = await documentMaker(folder.path).rsaSigner("signer");
  await copyFile(certificateFile, join(folder.path, "aws.pem"));
}

function accepting(
  sources: readonly IdentitySource[],
  username: string,
  password: string,
): string | null {
  return sources.find((source) => source.accepts(credentials(username, password)))?.name ?? null;
}
