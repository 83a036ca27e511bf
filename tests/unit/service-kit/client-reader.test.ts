import { beforeEach, describe, expect, test } from "@jest/globals";
import { clientReader, type ClientReader } from "#service-kit/http/client-reader.js";
import { readableLog, type ReadableLog } from "#tests/integration/logins/support/log.js";
import { requestFrom } from "#tests/support/requests.js";

const BALANCER = "10.0.0.1";
let log: ReadableLog;
let read: ClientReader;
let time: number;

beforeEach(() => {
  log = readableLog();
  time = 0;
  read = clientReader(["192.0.2.200"], { log: log.log, now: () => time });
});

const forwarded = (peer: string) => read(requestFrom(peer, { "x-forwarded-for": "203.0.113.9" }));
const told = () => log.linesOf("forwarded.ignored").map(({ peer }) => peer);

describe("a load balancer that is not configured", () => {
  test("is told of loudly, with its address and what to set, once in ten minutes", () => {
    for (let request = 0; request < 1_000; request += 1) forwarded(BALANCER);
    expect(told()).toEqual([BALANCER]);
    expect(log.text()).toMatch(/TRUSTED_PROXIES.*ALL CLIENTS COUNT AS ONE/);
    time += 10 * 60_000;
    forwarded(BALANCER);
    expect(told()).toEqual([BALANCER, BALANCER]);
  });

  test("is not hidden by a stranger who sends such headers before it does", () => {
    for (const peer of ["198.51.100.7", "198.51.100.7", BALANCER]) forwarded(peer);
    expect(told()).toEqual(["198.51.100.7", BALANCER]);
  });

  test("fills no log, whoever sends such headers", () => {
    for (let host = 0; host < 250; host += 1) forwarded(`198.51.100.${host}`);
    expect(told()).toHaveLength(100);
  });
});

test("nobody is told of a proxy that is configured, nor of clients that say nothing", () => {
  forwarded("192.0.2.200");
  read(requestFrom(BALANCER, {}));
  expect(told()).toEqual([]);
});
