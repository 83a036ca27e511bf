import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DockerStore } from "../../../cli/src/login/docker-store.js";
import { findLogin, type AskedLogin } from "../../../cli/src/login/find-login.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
const asked: { url: string; authorization: string; body: string }[] = [];
const services = createServer((req, res) => {
  void bodyOf(req).then((body) => {
    asked.push({ url: req.url ?? "", authorization: req.headers.authorization ?? "", body });
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify({ access_token: "service-token", value: "job-token" }));
  });
});
let url: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  services.listen(0, "127.0.0.1");
  await once(services, "listening");
  url = `http://127.0.0.1:${(services.address() as AddressInfo).port}`;
  const write = (name: string, value: object) => {
    writeFileSync(join(folder.path, name), JSON.stringify(value));
  };
  write("user.json", { application_username: "stups_app", application_password: "upw" });
  write("client.json", { client_id: "cid", client_secret: "cs" });
  writeFileSync(join(folder.path, "token"), "file-token\n");
});
afterAll(async () => {
  services.close();
  await folder.remove();
});

async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req) text += String(chunk);
  return text;
}

const KEPT = { user: "anna", secret: "kept", origin: "docker" };

function find(
  more: Partial<AskedLogin>,
  env: Record<string, string> = {},
  kept: typeof KEPT | null = null,
) {
  const docker = { get: () => Promise.resolve(kept) } as unknown as DockerStore;
  const deps = {
    env: { PATH: process.env["PATH"], ...env },
    docker,
    readInput: () => Promise.resolve("typed\n"),
  };
  return findLogin(deps, { host: "x", tokenFile: null, source: null, ...more });
}

describe("the login that counts", () => {
  test("is the file's, then WHARF_TOKEN, then the context's, then docker's", async () => {
    const env = { WHARF_TOKEN: "user:pw" };
    const source = { from: "command", command: "echo made", user: "" } as const;
    const tokenFile = join(folder.path, "token");
    expect(await find({ tokenFile, source }, env, KEPT)).toMatchObject({
      user: null,
      secret: "file-token",
    });
    expect(await find({ tokenFile: "-" }, env)).toMatchObject({ secret: "typed" });
    expect(await find({ source }, env, KEPT)).toMatchObject({ user: "user", secret: "pw" });
    expect(await find({ source }, {}, KEPT)).toMatchObject({ secret: "made" });
    expect(await find({}, {}, KEPT)).toEqual(KEPT);
    expect(await find({})).toBeNull();
  });

  test("is a service's, by its user.json and client.json", async () => {
    const env = { OAUTH2_ACCESS_TOKEN_URL: `${url}/token`, CREDENTIALS_DIR: folder.path };
    expect(await find({}, env)).toMatchObject({ user: null, secret: "service-token" });
    const { authorization, body } = asked.at(-1) ?? { authorization: "", body: "" };
    expect(authorization).toBe(`Basic ${Buffer.from("cid:cs").toString("base64")}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      ...{ grant_type: "password", username: "stups_app", password: "upw" },
      scope: "uid application.write",
    });
  });

  test("is the job's in GitHub Actions and GitLab CI", async () => {
    const github = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc?api=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t",
    };
    expect(await find({}, github)).toMatchObject({ user: "oidc", secret: "job-token" });
    expect(asked.at(-1)).toMatchObject({
      url: "/oidc?api=1&audience=wharfinger",
      authorization: "Bearer t",
    });
    const gitlab = { GITLAB_CI: "true", ID_TOKEN: "signed" };
    expect(await find({}, gitlab)).toMatchObject({ user: "oidc", secret: "signed" });
    // Outside of a job a variable of that name is anybody's.
    expect(await find({}, { ID_TOKEN: "signed" })).toBeNull();
  });

  test("that is named and cannot be had is a fault, not an anonymous caller", async () => {
    await expect(find({ tokenFile: join(folder.path, "absent") })).rejects.toThrow("--token-file");
    const source = { from: "command", command: "exit 3", user: "" } as const;
    await expect(find({ source }, {}, KEPT)).rejects.toThrow("failed with exit code 3");
    await expect(find({ source: { from: "service" } })).rejects.toThrow("OAUTH2_ACCESS_TOKEN_URL");
    const empty = { OAUTH2_ACCESS_TOKEN_URL: url, CREDENTIALS_DIR: join(folder.path, "absent") };
    await expect(find({}, empty)).rejects.toThrow("user.json is missing");
  });
});
