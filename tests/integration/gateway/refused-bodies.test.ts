import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { answersIn } from "#tests/support/http-client.js";
import { eventually } from "#tests/support/eventually.js";
import { startGatewayBetween, type GatewayBetween } from "#tests/support/gateway-between.js";

let between: GatewayBetween;
beforeAll(async () => {
  between = await startGatewayBetween();
});
afterAll(() => between.stop());

describe("a refused push of a small manifest", () => {
  test.each([
    ["whose length is named", "Content-Length: 10", "01234", "56789"],
    ["in chunks", "Transfer-Encoding: chunked", "5\r\n01234\r\n", "5\r\n56789\r\n0\r\n\r\n"],
  ])(
    "%s is answered when it is whole, and the connection goes on",
    async (_what, framing, ...parts) => {
      const socket = connect(between.gateway.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
      const head = ["PUT /v2/beta/app/manifests/1.0 HTTP/1.1", "Host: g", framing];
      socket.write(`${head.join("\r\n")}\r\n\r\n`);
      for (const part of parts) {
        // Another connection's answer: by then the gateway has had what was sent before.
        await fetch(`${between.gateway.url}/.well-known/health`);
        expect(text).toBe("");
        socket.write(part);
      }
      socket.write("GET /.well-known/health HTTP/1.1\r\nHost: g\r\n\r\n");
      await eventually("both are answered", () => answersIn(text).length === 2);
      const answers = answersIn(text);
      expect(answers.map(({ status }) => status)).toEqual([401, 200]);
      expect(answers[0]?.headers["connection"]).not.toBe("close");
      socket.destroy();
    },
  );

  test("that never comes is answered all the same", async () => {
    const socket = connect(between.gateway.port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    socket.write(
      "PUT /v2/beta/app/manifests/1.0 HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\n",
    );
    await eventually("it is answered", () => answersIn(text).length === 1);
    expect(answersIn(text)).toMatchObject([{ status: 401, headers: { connection: "close" } }]);
    socket.destroy();
  });
});

describe("a request that must have no body", () => {
  test.each([
    ["announces one that does not come", "Content-Length: 2", ""],
    ["sends one with its head", "Content-Length: 2", "{}"],
    ["sends one in chunks with its head", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"],
  ])("and %s is refused, and the connection ends", async (_what, framing, body) => {
    const socket = connect(between.gateway.port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    socket.write(["GET /token HTTP/1.1", "Host: g", framing, "", body].join("\r\n"));
    await eventually("it is answered", () => answersIn(text).length === 1);
    expect(answersIn(text)).toMatchObject([{ status: 400, headers: { connection: "close" } }]);
    socket.destroy();
  });
});
