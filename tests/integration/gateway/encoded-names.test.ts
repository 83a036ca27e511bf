import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { pushSmall, SMALL_TYPE, smallManifest } from "#tests/support/small-images.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

const REST = "/api/v1/repositories";

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: TestRegistry;
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  registry = await startTestRegistry();
  const tokenServerUrl = authority.server.url;
  gateway = await startGateway({ registryUrl: registry.url, tokenServerUrl, db: ledger.open() });
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("a name that is percent-encoded", () => {
  test("is the name that it stands for, from upload to list", async () => {
    const bearer = await authority.bearer(["pull", "push"], "alpha/app");
    const at = { url: gateway.url, name: "alpha%2Fapp", bearer };
    expect((await pushSmall(at, "1%2E0")).status).toBe(201);
    for (const path of ["alpha/app/manifests/1.0", "%61lpha%2fapp/manifests/1%2e0"]) {
      const headers = { Authorization: bearer, Accept: SMALL_TYPE };
      const answer = await ask(gateway.url, `/v2/${path}`, { headers });
      expect([answer.status, answer.body.toString()]).toEqual([200, smallManifest("1%2E0")]);
    }
    const list = await ask(gateway.url, "/v2/alpha%2Fapp/tags/list", {
      headers: { Authorization: bearer },
    });
    expect(JSON.parse(list.body.toString())).toEqual({ name: "alpha/app", tags: ["1.0"] });
  });

  test("opens nothing that the plain name does not", async () => {
    const headers = { Authorization: await authority.bearer(["pull", "push"], "alpha/app") };
    for (const name of ["beta%2Fsecret", "alpha%2Fapp%2F..%2F..%2Fbeta%2Fsecret"])
      for (const path of [`/v2/${name}/tags/list`, `${REST}/${name}`, `${REST}/${name}/tags/1.0`])
        expect([400, 401]).toContain((await ask(gateway.url, path, { headers })).status);
  });

  test("is refused when it is encoded twice, and the client is told so", async () => {
    for (const path of ["/v2/alpha%252Fapp/tags/list", `${REST}/alpha%252Fapp`]) {
      const answer = await ask(gateway.url, path);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({
        code: "NAME_INVALID",
        message: "invalid repository name: % is left after it was percent-decoded once",
      });
    }
  });
});

describe.each(["alpha/pulls", "alpha/tags/app", "alpha/app/tags/lock", "alpha/tags"])(
  "the repository %s, written as one segment",
  (name) => {
    const encoded = encodeURIComponent(name);
    let headers: Record<string, string>;
    const get = (path: string): Promise<Answer> =>
      ask(gateway.url, `${REST}/${encoded}${path}`, { headers });

    beforeAll(async () => {
      const bearer = await authority.bearer(["pull", "push"], name);
      headers = { Authorization: bearer };
      expect((await pushSmall({ url: gateway.url, name, bearer }, "1.0-SNAPSHOT")).status).toBe(
        201,
      );
    });

    test.each(["", "/pulls", "/tags/1.0-SNAPSHOT"])("is asked for over REST: …%s", async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ repository: name });
    });

    test("has tags that can be locked", async () => {
      const path = `${REST}/${encoded}/tags/1.0-SNAPSHOT/lock`;
      const answer = await ask(gateway.url, path, { method: "PUT", headers });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ repository: name, locked: true });
    });
  },
);
