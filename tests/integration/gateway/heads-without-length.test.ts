import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { watchedRequests, type WholeRequest } from "#gateway/upstream/whole-request.js";

const HEAD: WholeRequest = { target: "/blob", method: "HEAD", headers: {}, milliseconds: 10_000 };
/** As registries answer that send whoever asks for a blob on to S3: it says nothing of a body. */
const REDIRECT = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://s3.example.com/blob\r\n";

const sockets: Socket[] = [];
let server: Server;
let connections = 0;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, "close");
});

/** A server that answers each request with the same. */
async function startServer(answer: string): Promise<string> {
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ["says nothing of connections", ""],
  ["says that it is kept", "Connection: keep-alive\r\n"],
])(
  "after an answer to a HEAD that %s and has no length the connection is kept",
  async (_, more) => {
    const { ask, closed } = watchedRequests(await startServer(`${REDIRECT}${more}\r\n`));
    for (let i = 0; i < 5; i += 1) expect((await ask(HEAD)).status).toBe(307);
    expect([connections, closed()]).toEqual([1, 0]);
  },
);

test.each([
  ["says that it is closed", `${REDIRECT}Connection: close\r\n\r\n`],
  ["is of an older version", `${REDIRECT.replace("1.1", "1.0")}\r\n`],
])("after an answer to a HEAD that %s another connection is made", async (_, answer) => {
  const { ask } = watchedRequests(await startServer(answer));
  for (let i = 0; i < 3; i += 1) expect((await ask(HEAD)).status).toBe(307);
  expect(connections).toBe(3);
});

test("what comes after an answer to a HEAD is taken for no answer to the next request", async () => {
  const hidden = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const { ask } = watchedRequests(await startServer(`${REDIRECT}\r\n${hidden}`));
  for (let i = 0; i < 5; i += 1)
    expect((await ask(HEAD).catch(() => ({ status: "none" }))).status).not.toBe(200);
});
