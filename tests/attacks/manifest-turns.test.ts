import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { turns } from "#service-kit/turns.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { IMAGE_TYPE } from "#tests/support/manifest-texts.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const TARGET = "/v2/alpha/app/manifests/1.0";
const access = [{ type: "repository", name: "alpha/app", actions: ["pull", "push"] }] as const;

let authority: TokenAuthority;
let registry: UpstreamDouble;
let gateway: TestGateway;
const sockets: Socket[] = [];

beforeAll(async () => {
  [authority, registry] = await Promise.all([startTokenAuthority(), startUpstream()]);
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    manifestTurns: {
      small: turns({ atOnce: 2, perCaller: 1, waiting: 4, waitMilliseconds: 300 }),
      large: turns({ atOnce: 1, perCaller: 1, waiting: 4, waitMilliseconds: 300 }),
    },
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await eventually("all turns are given back", async () => (await inTurn("running")) === 0);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([registry.stop(), authority.server.stop()]);
});

async function inTurn(state: "running" | "waiting", size = "small"): Promise<number> {
  const line = new RegExp(`^manifest_turns\\{size="${size}",state="${state}"\\} (\\d+)$`, "m");
  return Number(line.exec(await gateway.metrics())?.[1]);
}

const bearerOf = async (subject: string) => `Bearer ${await authority.sign({ subject, access })}`;

/** Begins a push that waits with its body until it is told to send it. */
async function hold(subject: string, framing = "Content-Length: 9000") {
  const socket = connect(gateway.port, "127.0.0.1");
  sockets.push(socket);
  const received = { text: "" };
  socket.setEncoding("latin1").on("data", (part: string) => (received.text += part));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const login = `Authorization: ${await bearerOf(subject)}\r\nContent-Type: ${IMAGE_TYPE}`;
  socket.write(
    `PUT ${TARGET} HTTP/1.1\r\nHost: g\r\n${login}\r\n${framing}\r\nExpect: 100-continue\r\n\r\n`,
  );
  return { socket, received };
}

async function push(subject: string) {
  const headers = { Authorization: await bearerOf(subject), "Content-Type": IMAGE_TYPE };
  return ask(gateway.url, TARGET, { method: "PUT", headers, body: "{}" });
}

describe("pushes of manifests that never send them", () => {
  test("hold their caller's share alone: 429 for the caller, others go on", async () => {
    const first = await hold("alice");
    await eventually("it has its turn", () => first.received.text.includes("100 Continue"));
    const second = await hold("alice");
    await eventually("it is refused", () => second.received.text.includes("TOOMANYREQUESTS"));
    expect(second.received.text).not.toContain("100 Continue");
    expect(second.received.text).toMatch(/^HTTP\/1\.1 429 /);
    // What bob sends is no manifest: that is found out in his turn.
    const answer = await push("bob");
    expect([answer.status, errorOf(answer).code]).toEqual([400, "MANIFEST_INVALID"]);
    expect(registry.seen).toEqual([]);
  });

  test("are waited for by others no longer than so: 503, and nothing of theirs is read", async () => {
    const held = await Promise.all(["alice", "bob"].map((subject) => hold(subject)));
    await eventually("both have their turn", () =>
      held.every(({ received }) => received.text.includes("100 Continue")),
    );
    const third = await hold("carol");
    await eventually("it is refused", () => third.received.text.includes("UNAVAILABLE"));
    expect(third.received.text).toMatch(/^HTTP\/1\.1 503 /);
    expect(third.received.text).toContain("Retry-After:");
  });

  test.each(["Content-Length: 262145", "Transfer-Encoding: chunked"])(
    "of any size (%s) leave turns to small ones",
    async (framing) => {
      const large = await hold("alice", framing);
      await eventually("it has its turn", async () => (await inTurn("running", "large")) === 1);
      const other = await hold("bob", framing);
      await eventually("it is refused", () => other.received.text.includes("UNAVAILABLE"));
      expect((await push("alice")).status).toBe(400);
      large.socket.destroy();
      await eventually("it is given back", async () => (await inTurn("running", "large")) === 0);
    },
  );

  test("give their turn back when they leave, those that wait as well", async () => {
    const held = await Promise.all(["alice", "bob"].map((subject) => hold(subject)));
    await eventually("both have their turn", async () => (await inTurn("running")) === 2);
    const waiting = await hold("carol");
    await eventually("one waits", async () => (await inTurn("waiting")) === 1);
    for (const { socket } of [...held, waiting]) socket.destroy();
    await eventually("none has one", async () => (await inTurn("running")) === 0);
    expect(await inTurn("waiting")).toBe(0);
    expect((await push("carol")).status).toBe(400);
  });
});

test("how late the event loop comes round is among the metrics", async () => {
  for (const at of ["p50", "p99", "max"])
    expect(await gateway.metrics()).toMatch(
      new RegExp(`^event_loop_delay_seconds\\{at="${at}"\\} \\d`, "m"),
    );
});
