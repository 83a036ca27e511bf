import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { eventually } from "#tests/support/eventually.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import {
  startTestTokenServer,
  type TestTokenServer,
  type TestTokenServerOptions,
} from "#tests/support/token-server.js";
import { readableLog } from "./support/log.js";
import { documentMaker } from "./support/machine-documents.js";

const USERS = "htpasswd: {file: users, realm: /people, cacheSeconds: 3600}\n";
const LDAP = `ldap:
  {url: "ldap://127.0.0.1:9", base: "dc=x", realm: /ldap, bindDn: "cn=x", bindPasswordFile: secret}
`;
const MACHINES = `machines:
  {certificatesFile: aws.pem, accounts: ["123456789012"], regions: [eu-west-1]}
`;
const PUSH = "repository:alpha/app:push";

let folder: TemporaryFolder;
let path: string;
let server: TestTokenServer | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "logins.yaml");
  await writeFile(join(folder.path, "users"), `carol:${bcrypt.hashSync("carol-password", 4)}\n`);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await folder.remove();
});

async function startWith(
  text: string,
  options: Omit<TestTokenServerOptions, "loginsFile"> = {},
): Promise<TestTokenServer> {
  await writeFile(path, text);
  server = await startTestTokenServer({ ...options, loginsFile: path });
  return server;
}

/** As on SIGHUP. */
async function change(to: TestTokenServer, text: string): Promise<string> {
  await writeFile(path, text);
  return to.logins.reload();
}

async function granted(
  from: TestTokenServer,
  scope = PUSH,
  [user, password] = ["oauth2", "alice-token"],
): Promise<string | number> {
  const answer = await from.http.get("/token").query({ scope }).auth(user, password);
  return answer.status === 200 ? (answer.body as { scope: string }).scope : answer.status;
}

describe("a changed logins file", () => {
  test("ends a membership, for logins, refresh tokens and the REST API", async () => {
    const running = await startWith(
      "teams: {gamma: [/employees/alice], beta: [/employees/alice]}\n",
    );
    const scope = "repository:gamma/app:push";
    expect(await granted(running, scope)).toBe(scope);
    const login = await running.http
      .get("/token")
      .query({ offline_token: "true", client_id: "docker" })
      .auth("oauth2", "alice-token");
    const { refresh_token: refreshToken } = login.body as { refresh_token: string };
    expect((await robotsOf(running, "gamma")).status).toBe(200);
    expect(await change(running, "teams: {gamma: [/employees/bob]}\n")).toBe("loaded");
    expect(await granted(running, scope)).toBe("");
    const redeemed = await running.http.post("/token").type("form").send({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: "docker",
      service: "wharfinger",
      scope,
    });
    expect(redeemed.body).toMatchObject({ scope: "" });
    expect((await robotsOf(running, "gamma")).status).toBe(403);
  });

  test("ends a login with what was remembered of it", async () => {
    const running = await startWith(USERS);
    const carol: [string, string] = ["carol", "carol-password"];
    expect(await granted(running, "repository:a/b:pull", carol)).toBe("repository:a/b:pull");
    await change(running, "teams: {}\n");
    expect(await granted(running, "repository:a/b:pull", carol)).toBe(401);
    await change(running, USERS);
    expect(await granted(running, "repository:a/b:pull", carol)).toBe("repository:a/b:pull");
  });

  test("narrows what everybody may read", async () => {
    const running = await startWith("anonymous: {namespaces: [alpha, beta]}\n", {
      allowPublicRead: true,
    });
    const read = async () =>
      (await running.http.get("/token").query({ scope: "repository:beta/app:pull" }))
        .body as unknown;
    expect(await read()).toMatchObject({ scope: "repository:beta/app:pull" });
    await change(running, "anonymous: {namespaces: [alpha]}\n");
    expect(await read()).toMatchObject({ scope: "" });
  });

  test("counts within some seconds without anybody saying so", async () => {
    const running = await startWith("teams: {gamma: [/employees/alice]}\n");
    const scope = "repository:gamma/app:push";
    expect(await granted(running, scope)).toBe(scope);
    await writeFile(path, "teams: {}\n");
    await eventually("the membership ends", async () => (await granted(running, scope)) === "");
  });

  test("leaves the memory of parts that it says the same of", async () => {
    const running = await startWith(USERS + issuers("one", "two"));
    const names = () => new Map(running.logins.current().sources.map((one) => [one.name, one]));
    const before = names();
    await change(running, `${USERS}${issuers("one", "two")}teams: {gamma: [/employees/alice]}\n`);
    expect(names()).toEqual(before);
    for (const [name, source] of names()) expect(before.get(name)).toBe(source);
    await change(running, USERS + issuers("one"));
    expect(names().get("htpasswd")).toBe(before.get("htpasswd"));
    expect(names().get("oidc")).not.toBe(before.get("oidc"));
    await change(running, USERS.replace("3600", "60") + issuers("one"));
    expect(names().get("htpasswd")).not.toBe(before.get("htpasswd"));
  });
});

describe("a logins file that is broken", () => {
  test.each<[string, () => Promise<void>]>([
    ["no YAML", () => writeFile(path, "teams: [\n")],
    ["a misspelt section", () => writeFile(path, "tems: {}\n")],
    ["two sources of one realm", () => writeFile(path, USERS.replace("/people", "/employees"))],
    ["a file that is not there", () => writeFile(path, USERS.replace("users", "nobody"))],
    ["gone", () => rm(path)],
  ])("leaves the one before in force and is told: %s", async (_title, breakIt) => {
    const readable = readableLog();
    const running = await startWith("teams: {gamma: [/employees/alice]}\n", { log: readable.log });
    const scope = "repository:gamma/app:push";
    await breakIt();
    expect(await running.logins.reload()).toBe("refused");
    expect(await granted(running, scope)).toBe(scope);
    expect(readable.linesOf("logins.refused")).toHaveLength(1);
    expect(await change(running, "teams: {}\n")).toBe("loaded");
    expect(await granted(running, scope)).toBe("");
  });
});

describe("files that the logins file names", () => {
  test("are followed with it: certificates of machines and the password of a directory", async () => {
    const maker = documentMaker(folder.path);
    const place = async (name: string) =>
      copyFile((await maker.rsaSigner(name)).certificateFile, join(folder.path, "aws.pem"));
    await place("first");
    await writeFile(join(folder.path, "secret"), "one");
    const running = await startWith(MACHINES + LDAP);
    const of = (name: string) => running.logins.current().sources.find((one) => one.name === name);
    const [machine, ldap] = [of("machine"), of("ldap")];
    await place("second");
    expect(await running.logins.reload()).toBe("loaded");
    expect(of("machine")).not.toBe(machine);
    await writeFile(join(folder.path, "secret"), "two");
    expect(await running.logins.reload()).toBe("loaded");
    expect(of("ldap")).not.toBe(ldap);
    await rm(join(folder.path, "secret"));
    expect(await running.logins.reload()).toBe("refused");
    expect(await running.logins.reload()).toBe("unchanged");
  });
});

function issuers(...names: string[]): string {
  const one = (name: string) =>
    `  - {issuer: "https://${name}.example", audience: wharfinger, require: anybody, uid: sub, realm: /${name}}\n`;
  return `oidc:\n${names.map(one).join("")}`;
}

function robotsOf(from: TestTokenServer, team: string) {
  return from.http.get(`/api/v1/teams/${team}/robots`).set("Authorization", "Bearer alice-token");
}
