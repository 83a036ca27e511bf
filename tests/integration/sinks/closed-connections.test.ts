import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { DeliveryError } from "#gateway/events/sink.js";
import { httpPoster } from "#gateway/sinks/http-poster.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { startForgetfulRelay, type ForgetfulRelay } from "#tests/support/forgetful-relay.js";
import { replyWith, startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const NEVER = new AbortController().signal;
const ROUNDS = 6;

let receiver: UpstreamDouble;
let relay: ForgetfulRelay;
let connections: Outgoing;

beforeAll(async () => {
  connections = outgoing();
  receiver = await startUpstream();
  relay = await startForgetfulRelay(receiver.url);
});
afterAll(async () => {
  connections.close();
  await relay.stop();
  await receiver.stop();
});

test("a receiver that closes each connection after its answer gets every event, once", async () => {
  receiver.answerWith(replyWith(204));
  const poster = posterTo(relay.url);
  for (let round = 0; round < ROUNDS; round += 1)
    await poster.post({ "webhook-id": String(round) }, "{}", NEVER);
  expect(receiver.seen.map(({ headers }) => headers["webhook-id"])).toEqual(
    Array.from({ length: ROUNDS }, (_, round) => String(round)),
  );
  expect(relay.met.length).toBeGreaterThan(0);
});

test("what gets no answer on a new connection is a failure, at once", async () => {
  receiver.answerWith((req) => {
    req.socket.destroy();
  });
  const poster = posterTo(receiver.url);
  await expect(poster.post({}, "{}", NEVER)).rejects.toThrow(DeliveryError);
  expect(receiver.seen).toHaveLength(1);
});

function posterTo(url: string) {
  return httpPoster({
    url: new URL(url),
    timeoutMilliseconds: 10_000,
    allowLinkLocal: false,
    connections,
  });
}
