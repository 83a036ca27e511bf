import type { IncomingMessage, ServerResponse } from "node:http";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { startGateway } from "#tests/support/gateway.js";
import { ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { imageText, IMAGE_TYPE } from "#tests/support/manifest-texts.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { replyWith } from "#tests/support/upstream-double.js";
import {
  failing,
  useScriptedRegistry,
  type ScriptedRegistry,
} from "./support/scripted-registry.js";

const LIST = "/v2/alpha/app/tags/list";
const MANIFEST = "/v2/alpha/app/manifests/1.0";
const BLOB = Buffer.from("hello");
const DIGEST = digestOf(BLOB);
const SHA512 = digestOf(BLOB, `sha512:${"0".repeat(128)}` as Digest);
const TWICE = Array.from({ length: 2 });

let made: ScriptedRegistry;
useScriptedRegistry((started) => {
  made = started;
});

const send: ScriptedRegistry["send"] = (...asked) => made.send(...asked);

describe("a list of tags that the ledger does not have", () => {
  test.each([
    ["is the registry's", replyWith(200, {}, '{"name":"alpha/app","tags":["1","2"]}'), 200],
    ["is empty where the registry says null", replyWith(200, {}, '{"tags":null}'), 200],
    ["is the registry's 404", replyWith(404, {}, '{"errors":[]}'), 404],
    ["is not told where the registry fails", replyWith(500), 503],
    ["is not told where the registry does not know us", replyWith(401), 503],
    ["is not told where the registry gives none", replyWith(200, {}, '{"tags":"1"}'), 503],
    ["is not told where the registry gives no JSON", replyWith(200, {}, "<html>"), 503],
    ["is not told where the registry does not answer", (_req: IncomingMessage, res: ServerResponse) => void res.destroy(), 503], // prettier-ignore
  ] as const)("%s", async (_what, handler, status) => {
    made.registry.answerWith(handler);
    for (const method of ["GET", "HEAD"]) {
      const answer = await send(method, LIST);
      expect(answer.status).toBe(status);
      expect(answer.body.length > 0).toBe(method === "GET");
    }
  });
});

describe("a request for a manifest that is in memory", () => {
  const read = (headers: object) =>
    fetch(new URL(MANIFEST, made.gateway.url), {
      headers: { accept: IMAGE_TYPE, ...headers },
      signal: AbortSignal.timeout(10_000),
    });
  beforeEach(async () => {
    made.registry.answerWith(manifestRegistry().handler);
    const type = { "Content-Type": IMAGE_TYPE };
    expect((await send("PUT", MANIFEST, type, Buffer.from(imageText()))).status).toBe(201);
    await Promise.all(TWICE.map(() => read({ authorization: made.bearer })));
    expect((await read({ authorization: made.bearer })).status).toBe(200);
    made.registry.answerWith(failing);
  });

  test("is answered to nobody without a token, nor with one for something else", async () => {
    expect((await read({})).status).toBe(401);
    const other = await made.authority.bearer(["pull"], "beta/app");
    for (const authorization of [other, other])
      expect((await read({ authorization })).status).toBe(401);
  });

  test("brings no body: one that does is refused, and its connection ends", async () => {
    const head = `GET ${MANIFEST} HTTP/1.1\r\nHost: x\r\nAuthorization: ${made.bearer}\r\nAccept: ${IMAGE_TYPE}\r\n`;
    const told = await rawExchange(
      made.gateway.port,
      `${head}Content-Length: 5\r\n\r\nhelloGET /health`,
    );
    expect(told).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/i);
    expect(told.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("does not stand in for others: they go to the registry, and are answered", async () => {
    made.registry.answerWith(replyWith(404, {}, '{"errors":[]}'));
    const url = new URL("/v2/alpha/app/manifests/2.0", made.gateway.url);
    const signal = AbortSignal.timeout(10_000);
    const headers = { authorization: made.bearer, accept: IMAGE_TYPE };
    expect((await fetch(url, { headers, signal })).status).toBe(404);
    expect((await fetch(new URL(LIST, made.gateway.url), { headers, signal })).status).toBe(404);
  });
});

describe("what the registry fails to read", () => {
  const BLOB_PATH = `/v2/alpha/app/blobs/${DIGEST}`;
  const read = (target: string) =>
    fetch(new URL(target, made.gateway.url), {
      headers: { authorization: made.bearer },
      signal: AbortSignal.timeout(10_000),
    });

  test("is asked for again, and is there when that passes by itself", async () => {
    let times = 0;
    made.registry.answerWith((_req, res) => {
      times += 1;
      if (times === 1) res.writeHead(500).end();
      else res.writeHead(200, { "Content-Length": BLOB.length }).end(BLOB);
    });
    const answer = await read(BLOB_PATH);
    expect([answer.status, await answer.text()]).toEqual([200, BLOB.toString()]);
  });

  test("is asked for again where the gateway itself can read it, and is not decided when that does not pass", async () => {
    // One that the gateway has not in memory.
    const content = Buffer.from(imageText({ annotations: { read: "never" } }));
    const path = `/v2/alpha/app/manifests/${digestOf(content)}`;
    let times = 0;
    made.registry.answerWith((req, res) => {
      if (req.headers.accept?.includes(IMAGE_TYPE) === true) {
        res.writeHead(200, { "Content-Type": IMAGE_TYPE }).end(content);
        return;
      }
      times += 1;
      res.writeHead(500).end();
    });
    expect((await read(path)).status).toBe(503);
    expect(times).toBe(4);
  });

  test("is not decided where the gateway itself is told nothing of it, and nobody asks once more", async () => {
    let times = 0;
    made.registry.answerWith((_req, res) => {
      times += 1;
      if (times === 1) res.writeHead(500).end();
      else res.writeHead(401).end();
    });
    expect((await read(`/v2/alpha/app/manifests/${DIGEST}`)).status).toBe(503);
    expect(times).toBe(2);
  });

  test("is asked for three times, and is not decided where that is a manifest", async () => {
    made.registry.answerWith(replyWith(500));
    const answer = await read(`/v2/alpha/app/manifests/${DIGEST}`);
    expect(answer.status).toBe(503);
  });
});

test("a manifest by another digest than sha256 is what the ledger has: the registry is not asked", async () => {
  made.registry.answerWith(replyWith(200, { "Content-Type": IMAGE_TYPE }, "{}"));
  const answer = await send("GET", `/v2/alpha/app/manifests/${SHA512}`, { Accept: IMAGE_TYPE });
  expect([answer.status, errorOf(answer).code]).toEqual([404, "MANIFEST_UNKNOWN"]);
  expect(made.registry.seen).toEqual([]);
});

test("a manifest that a tag means and the registry says it has not is not lost while it says nothing more", async () => {
  made.registry.answerWith(manifestRegistry().handler);
  const type = { "Content-Type": IMAGE_TYPE };
  expect((await send("PUT", MANIFEST, type, Buffer.from(imageText()))).status).toBe(201);
  await made.ledger.db.query("update ledger.manifest set content = '{}'");
  const fresh = await startGateway({
    ...{ registryUrl: made.registry.url, tokenServerUrl: made.authority.server.url },
    ...{ db: made.ledger.open(), hears: made.ledger.config },
  });
  const read = async () =>
    (await ask(fresh.url, MANIFEST, { headers: { Authorization: made.bearer, Accept: "x/y" } }))
      .status;
  let times = 0;
  made.registry.answerWith((_req, res) => {
    times += 1;
    if (times === 1) res.writeHead(404).end();
    else res.destroy();
  });
  expect(await read()).toBe(503);
  made.registry.answerWith(replyWith(404));
  expect(await read()).toBe(404);
  await fresh.stop();
});

test("a blob by another digest than sha256 is called so where it is, and where it is not the registry says what it says", async () => {
  const target = `/v2/alpha/app/blobs/${SHA512}`;
  const named = { "Docker-Content-Digest": DIGEST };
  made.registry.answerWith(
    replyWith(200, { ...named, "Content-Length": String(BLOB.length) }, "hello"),
  );
  expect((await send("GET", target)).headers["docker-content-digest"]).toBe(SHA512);
  made.registry.answerWith(replyWith(404, named, "{}"));
  expect((await send("GET", target)).headers["docker-content-digest"]).not.toBe(SHA512);
});

test("a push by digest names 32 tags at most", async () => {
  made.registry.answerWith(manifestRegistry().handler);
  const content = Buffer.from(imageText());
  const put = (count: number) => {
    const tags = Array.from({ length: count }, (_, n) => `tag=${n}`).join("&");
    const target = `/v2/alpha/app/manifests/${digestOf(content)}?${tags}`;
    return send("PUT", target, { "Content-Type": IMAGE_TYPE }, content);
  };
  expect((await put(32)).status).toBe(201);
  // By its sha256 it is called what it is.
  expect((await made.ledger.db.query("select from ledger.called_tag")).rowCount).toBe(0);
  const answer = await put(33);
  expect([answer.status, errorOf(answer).detail]).toEqual([414, { tags: 33, most: 32 }]);
});

test.each([
  ["GET", LIST],
  ["HEAD", LIST],
  ["DELETE", MANIFEST],
  ["GET", "/api/v1/session"],
])("a %s of %s that brings a body is refused", async (method, target) => {
  made.registry.answerWith(replyWith(404, {}, '{"errors":[]}'));
  const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${await made.authority.bearer(["pull", "push", "delete"])}\r\n`;
  const told = await rawExchange(made.gateway.port, `${head}Content-Length: 5\r\n\r\nhello`);
  expect(told).toContain("HTTP/1.1 400 ");
  expect(made.registry.seen).toEqual([]);
});

test.each(["/v2", "/v2?x=1", "/v2/", "/v2/nothing"])(
  "%s is of the registry API",
  async (target) => {
    const answer: Answer = await ask(made.gateway.url, target);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
  },
);
