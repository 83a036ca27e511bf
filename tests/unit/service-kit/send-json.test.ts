import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sendJson } from "#service-kit/http/send-fault.js";

let answered: unknown;
const server = createServer((_req, res) => {
  sendJson(res, 200, answered);
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.close();
});

async function ask(body: unknown, method = "GET") {
  answered = body;
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method });
  return { length: answer.headers.get("content-length"), text: await answer.text() };
}

describe("a JSON answer", () => {
  test.each([
    ["ASCII", { token: "a".repeat(900) }],
    ["other letters, in one piece with the head", { name: "Zoë, 東京, 🐳, \u0000, \u0085, ÿ" }],
    ["more than goes out in one piece", { names: "ß東🐳".repeat(20_000) }],
  ])("is what was meant, byte for byte, and as long as it says: %s", async (_what, body) => {
    const { length, text } = await ask(body);
    expect(text).toBe(JSON.stringify(body));
    expect(length).toBe(String(Buffer.byteLength(JSON.stringify(body))));
  });

  test("says how long it would be to who asks for the head alone", async () => {
    const { length, text } = await ask({ name: "Zoë" }, "HEAD");
    expect([length, text]).toEqual(["15", ""]);
  });
});
