import { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { LINGER_LIMITS, lingeringClose } from "#service-kit/http/lingering-close.js";

const { sliceBytes, bytesPerSecond } = LINGER_LIMITS;
/** One connection waits so long after a slice when it is the only one, in milliseconds. */
const ALONE = (sliceBytes * 1000) / bytesPerSecond;
const sockets: Socket[] = [];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await turnOfTheLoop();
  jest.useRealTimers();
});

/** @returns how many bytes of it have been read and dropped, a moment later */
function linger(): () => Promise<number> {
  const socket = new Socket();
  sockets.push(socket);
  const from = new PassThrough();
  let dropped = 0;
  lingeringClose(socket, { from, isAwaited: false });
  from.on("data", (chunk: Buffer) => (dropped += chunk.length));
  for (let i = 0; i < 3; i += 1) from.write(Buffer.alloc(sliceBytes + 1));
  return async () => {
    await turnOfTheLoop();
    return dropped;
  };
}

test("the only connection that is still sending is read a slice at a time", async () => {
  const dropped = linger();
  expect(await dropped()).toBe(sliceBytes + 1);
  jest.advanceTimersByTime(ALONE - 1);
  expect(await dropped()).toBe(sliceBytes + 1);
  jest.advanceTimersByTime(1);
  expect(await dropped()).toBe(2 * (sliceBytes + 1));
});

test("a hundred that are still sending keep together to the rate of one", async () => {
  const all = Array.from({ length: 100 }, linger);
  const slices = async () => {
    const dropped = await Promise.all(all.map((one) => one()));
    return dropped.reduce((sum, bytes) => sum + bytes) / (sliceBytes + 1);
  };
  // Those that came early did not have to wait for all of them yet.
  jest.advanceTimersByTime(100 * ALONE);
  expect(await slices()).toBe(200);
  jest.advanceTimersByTime(100 * ALONE - 1);
  expect(await slices()).toBe(200);
  jest.advanceTimersByTime(1);
  expect(await slices()).toBe(300);
});
