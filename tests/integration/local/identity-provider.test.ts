import { createServer, type Server } from "node:http";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { followIdentities } from "#local/stand-ins/identities.js";
import { identityRoutes } from "#local/stand-ins/identity-routes.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
let server: Server;
let url: string;
let file: string;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, "identities.json");
  writeFileSync(file, await readFile(join(REPOSITORY_ROOT, "deploy/local/identities.json")));
  const routes = identityRoutes(followIdentities(file, (reason) => complaints.push(reason)));
  server = createServer((request, response) => void routes(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await folder.remove();
});

async function ask(path: string, init?: RequestInit) {
  const answer = await fetch(`${url}${path}`, init);
  return { status: answer.status, body: await answer.json() };
}

const teamsOf = (uid: string, token: string) =>
  ask(`/teams-service/api/accounts/aws?member=${uid}`, {
    headers: { authorization: `Bearer ${token}` },
  });

describe("the local identity provider", () => {
  test.each([
    ["alice-token", "alice", "/employees", ["uid"], ["alpha", "shared"]],
    ["bob-token", "bob", "/employees", ["uid"], ["beta", "shared"]],
    ["ci-token", "robot-ci", "/services", ["uid", "application.write"], ["alpha"]],
    ["ci-nowrite-token", "robot-ro", "/services", ["uid"], ["alpha"]],
    ["ci-all-token", "robot-all", "/services", ["uid", "application.write_all"], []],
    [
      "ci-trusted-token",
      "robot-trusted",
      "/services",
      ["uid", "application.write_all_trusted"],
      [],
    ],
  ])("%s is %s", async (token, uid, realm, scope, teams) => {
    expect(await ask(`/oauth2/tokeninfo?access_token=${token}`)).toEqual({
      status: 200,
      body: { uid, realm, scope, expires_in: 3_600, token_type: "Bearer" },
    });
    const { status, body } = await teamsOf(uid, token);
    expect(status).toBe(200);
    expect((body as { name: string }[]).map(({ name }) => name)).toEqual(teams);
  });

  test.each(["", "?access_token=", "?access_token=nobody", "?access_token=alice-token%00"])(
    "tokeninfo%s is refused",
    async (query) => {
      expect(await ask(`/oauth2/tokeninfo${query}`)).toMatchObject({
        status: 400,
        body: { error: "invalid_request" },
      });
    },
  );

  test("teams are told to those it knows alone", async () => {
    expect(await teamsOf("alice", "nobody")).toMatchObject({ status: 401 });
    expect(await ask("/teams-service/api/accounts/aws?member=alice")).toMatchObject({
      status: 401,
    });
    expect(await teamsOf("nobody", "alice-token")).toEqual({ status: 200, body: [] });
  });

  test("a machine is known by its document", async () => {
    const post = (body: string) => ask("/iidinfo", { method: "POST", body });
    expect(await post('{"iid_signature":"local-machine-document"}')).toMatchObject({ status: 200 });
    for (const wrong of ['{"iid_signature":"other"}', '{"iid_signature":7}', "null", "{", ""])
      expect(await post(wrong)).toMatchObject({ status: 401 });
  });

  test("anything else is not found", async () => {
    expect(await ask("/")).toMatchObject({ status: 404 });
    expect(await ask("/iidinfo")).toMatchObject({ status: 404 });
  });

  test("a changed file counts at once, and a broken one leaves the last good one in use", async () => {
    const carol = {
      token: "carol-token",
      uid: "carol",
      realm: "/employees",
      scopes: [],
      teams: [],
    };
    const before = await readFile(file);
    writeFileSync(file, JSON.stringify({ identities: [carol], machines: [] }));
    expect(await ask("/oauth2/tokeninfo?access_token=carol-token")).toMatchObject({ status: 200 });
    expect(await ask("/oauth2/tokeninfo?access_token=alice-token")).toMatchObject({ status: 400 });
    writeFileSync(file, '{"identities": [{"token": ""}]}');
    expect(await ask("/oauth2/tokeninfo?access_token=carol-token")).toMatchObject({ status: 200 });
    expect(complaints).toEqual([expect.stringContaining("is not sound")]);
    writeFileSync(file, before);
  });
});
