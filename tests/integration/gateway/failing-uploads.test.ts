import type { OutgoingHttpHeaders } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { errorOf, rawExchange } from "#tests/support/http-client.js";
import { bodyOf, replyWith } from "#tests/support/upstream-double.js";
import {
  failing,
  useScriptedRegistry,
  type Made,
  type ScriptedRegistry,
} from "./support/scripted-registry.js";

const UPLOADS = "/v2/alpha/app/blobs/uploads/";
const SESSION = `${UPLOADS}session-1?_state=x`;
const BLOB = Buffer.from("hello");
const DIGEST = digestOf(BLOB);
const SHA512 = digestOf(BLOB, `sha512:${"0".repeat(128)}` as Digest);

let made: ScriptedRegistry;
useScriptedRegistry((started) => {
  made = started;
});

const send: ScriptedRegistry["send"] = (...asked) => made.send(...asked);
const seen = () =>
  made.registry.seen.map(({ method, target }) => `${method} ${target.split("?")[0] ?? ""}`);
/** The registry has every blob, and does this with everything else. */
const havingAllBlobs = (otherwise: Made) => {
  made.registry.answerWith(async (req, res, entry) => {
    await bodyOf(req, entry);
    if (req.method === "HEAD") res.writeHead(200, { "Content-Length": 5 }).end();
    else otherwise(req, res);
  });
};

describe("an upload that the registry fails to close", () => {
  const close = (query: string, method = "PUT") => send(method, `${SESSION}&${query}`, {}, BLOB);

  test("has brought its blob where the registry has that now", async () => {
    havingAllBlobs(failing);
    const answer = await close(`digest=${DIGEST}`);
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v2/alpha/app/blobs/${DIGEST}`,
      "docker-content-digest": DIGEST,
    });
  });

  test.each([
    ["names two digests", `digest=${DIGEST}&digest=${SHA512}`, "PUT"],
    ["names one by which registries keep no blobs", `digest=${SHA512}`, "PUT"],
    ["names none", "digest=sha256:abc", "PUT"],
    ["is not closed", `digest=${DIGEST}`, "PATCH"],
  ])("has failed where it %s, and no blob is looked for", async (_what, query, method) => {
    havingAllBlobs(failing);
    const { status } = await close(query, method);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(seen().filter((line) => line.startsWith("HEAD"))).toEqual([]);
  });

  test("has failed where the registry goes away: only its answer says that it came to closing", async () => {
    havingAllBlobs((_req, res) => res.destroy());
    expect((await close(`digest=${DIGEST}`)).status).toBe(503);
  });
});

describe("a blob that comes with the POST", () => {
  const begins: Made = (req, res) => {
    if (req.method === "POST") res.writeHead(202, { Location: SESSION }).end();
    else res.writeHead(201, { Location: "/v2/alpha/app/blobs/x" }).end();
  };
  const posted = async (headers: OutgoingHttpHeaders, body?: Buffer, digest: Digest = DIGEST) => {
    havingAllBlobs(begins);
    const { status } = await send("POST", `${UPLOADS}?digest=${digest}`, headers, body);
    return [status, ...seen()];
  };
  const AT_ONCE = [201, `POST ${UPLOADS}`, `PUT ${UPLOADS}session-1`];
  const LATER = [202, `POST ${UPLOADS}`];

  test("is stored by the two requests that registries know, chunked or not", async () => {
    expect(await posted({ "Content-Length": BLOB.length }, BLOB)).toEqual(AT_ONCE);
    expect(await posted({ "Transfer-Encoding": "chunked" }, BLOB)).toEqual(AT_ONCE);
  });

  test("is none where nothing comes: then an upload begins", async () => {
    expect(await posted({ "Content-Length": 0 })).toEqual(LATER);
    const empty = digestOf(Buffer.alloc(0));
    expect(await posted({ "Content-Length": 0 }, undefined, empty)).toEqual(AT_ONCE);
    havingAllBlobs(begins);
    const head = `POST ${UPLOADS}?digest=${DIGEST} HTTP/1.1\r\nHost: x\r\nAuthorization: ${made.bearer}\r\nConnection: close\r\n\r\n`;
    expect(await rawExchange(made.gateway.port, head)).toContain("HTTP/1.1 202 ");
    expect(seen()).toEqual([`POST ${UPLOADS}`]);
  });

  test("is not stored, and may be sent again, where the registry begins no upload", async () => {
    for (const handler of [replyWith(500), replyWith(404)]) {
      made.registry.answerWith(handler);
      const answer = await send("POST", `${UPLOADS}?digest=${DIGEST}`, {}, BLOB);
      expect(answer.status).toBe(503);
      expect(errorOf(answer).message).toBe("the registry did not begin the upload");
    }
  });
});

test("a mount by another digest than sha256 begins an upload: the registry would link the name to itself", async () => {
  havingAllBlobs((_req, res) => res.writeHead(202, { Location: SESSION }).end());
  const from = "from=alpha/app";
  await send("POST", `${UPLOADS}?mount=${SHA512}&${from}`);
  await send("POST", `${UPLOADS}?mount=${DIGEST}&${from}`);
  const mounts = made.registry.seen.map(({ target }) => new URLSearchParams(target.split("?")[1]));
  expect(mounts.map((query) => query.get("mount"))).toEqual([null, DIGEST]);
});
