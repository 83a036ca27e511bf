import { createServer, request as send, type ClientRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { readSmallBody, type SmallBodyLimits } from "#service-kit/http/small-body.js";

const GENEROUS: SmallBodyLimits = {
  maxBytes: 100_000,
  totalMilliseconds: 60_000,
  leastBytesPerSecond: 1,
};

let limits = GENEROUS;
let server: Server;
let port: number;
/** What became of the bodies, in the order in which they ended. */
const outcomes: (string | Buffer)[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    readSmallBody(req, res, limits).then(
      (body) => {
        outcomes.push(body);
        res.end();
      },
      (error: unknown) => {
        outcomes.push(error instanceof Fault ? error.code : String(error));
        res.destroy();
      },
    );
  });
  server.on("checkContinue", (req, res) => server.emit("request", req, res));
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends a request under the given limits. @returns what became of its body */
async function outcomeOf(
  wanted: Partial<SmallBodyLimits>,
  sendTo: (request: ClientRequest) => void,
): Promise<string | Buffer | undefined> {
  limits = { ...GENEROUS, ...wanted };
  outcomes.length = 0;
  const request = send({ port, method: "POST", agent: false });
  request.on("error", () => undefined);
  sendTo(request);
  await new Promise((resolve) => request.once("close", resolve));
  return outcomes[0];
}

describe("a small body", () => {
  test("comes as it was sent, in one piece", async () => {
    const content = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251));
    const body = await outcomeOf({}, (request) => {
      for (let at = 0; at < content.length; at += 999)
        request.write(content.subarray(at, at + 999));
      request.end();
    });
    expect(content.equals(body as Buffer)).toBe(true);
  });

  test("of no bytes is no bytes", async () => {
    expect(await outcomeOf({}, (request) => request.end())).toEqual(Buffer.alloc(0));
  });

  test("is asked for when the client waits to be asked", async () => {
    const body = await outcomeOf({}, (request) => {
      request.setHeader("Expect", "100-continue");
      request.on("continue", () => request.end("asked for"));
      request.flushHeaders();
    });
    expect(String(body)).toBe("asked for");
  });

  test("that announces too much is refused before it is asked for", async () => {
    let wasAsked = false;
    const outcome = await outcomeOf({ maxBytes: 10 }, (request) => {
      request.setHeader("Expect", "100-continue").setHeader("Content-Length", 11);
      request.on("continue", () => (wasAsked = true));
      request.flushHeaders();
    });
    expect(outcome).toBe("BODY_TOO_LARGE");
    expect(wasAsked).toBe(false);
  });

  test("of exactly the limit is taken, and with one byte more it is not", async () => {
    const chunked = (bytes: number) => (request: ClientRequest) => {
      request.setHeader("Transfer-Encoding", "chunked").write("x");
      request.end("x".repeat(bytes - 1));
    };
    expect(await outcomeOf({ maxBytes: 10 }, chunked(10))).toHaveLength(10);
    expect(await outcomeOf({ maxBytes: 10 }, chunked(11))).toBe("BODY_TOO_LARGE");
  });

  test("that goes on for longer than the whole of its time is given up", async () => {
    const outcome = await outcomeOf({ totalMilliseconds: 300 }, (request) => {
      const dripping = setInterval(() => request.write("drop"), 20);
      request.once("close", () => {
        clearInterval(dripping);
      });
    });
    expect(outcome).toBe("BODY_TOO_SLOW");
  });

  test("that comes a byte a second is given up long before the whole of its time", async () => {
    const outcome = await outcomeOf({ leastBytesPerSecond: 10 }, (request) => {
      const dripping = setInterval(() => request.write("."), 1000);
      request.once("close", () => {
        clearInterval(dripping);
      });
    });
    expect(outcome).toBe("BODY_TOO_SLOW");
  });

  test("whose client goes away has not come", async () => {
    limits = GENEROUS;
    outcomes.length = 0;
    const socket = connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await once(server, "request");
    socket.destroy();
    while (outcomes.length === 0) await new Promise(setImmediate);
    expect(outcomes).toEqual(["BODY_INCOMPLETE"]);
  });

  test("in two hundred thousand chunks of one byte costs no more memory than its bytes", async () => {
    const chunks = 200_000;
    limits = { ...GENEROUS, maxBytes: chunks };
    outcomes.length = 0;
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    );
    socket.write(`${"1\r\nx\r\n".repeat(chunks)}0\r\n\r\n`);
    socket.resume();
    await once(socket, "close");
    expect(outcomes[0]).toEqual(Buffer.alloc(chunks, "x"));
    expect((outcomes[0] as Buffer).buffer.byteLength).toBeLessThanOrEqual(chunks);
  });
});
