import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { limitReport } from "#token-server/limits/limit-report.js";
import { readableLog } from "#tests/integration/logins/support/log.js";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe("the log of failed logins", () => {
  test("has one line a minute for an address, however often one wrong password comes from it", () => {
    const { report, lines } = reporting();
    for (let repeat = 0; repeat < 4_312; repeat += 1) report.failed("10.0.0.7", "1");
    expect(lines("logins.failing")).toEqual([]);
    jest.advanceTimersByTime(60_000);
    expect(lines("logins.failing")).toMatchObject([
      { attempts: 4312, message: "one wrong password, 4,312 times from 10.0.0.7" },
    ]);
  });

  test("tells guesses from repeats", () => {
    const { report, lines } = reporting();
    for (let guess = 0; guess < 40; guess += 1) report.failed("10.0.0.7", String(guess % 20));
    jest.advanceTimersByTime(60_000);
    expect(lines("logins.failing")).toMatchObject([
      { message: "20 wrong passwords, 40 times from 10.0.0.7" },
    ]);
  });

  test("tells stored logins that are over from wrong passwords", () => {
    const { report, lines } = reporting();
    for (let repeat = 0; repeat < 6; repeat += 1) {
      report.failed("10.0.0.7", "1", "refresh token");
      report.failed("10.0.0.7", "2");
      report.failed("10.0.0.7", "3");
    }
    jest.advanceTimersByTime(60_000);
    expect(lines("logins.failing")).toMatchObject([
      { message: "2 wrong passwords, 12 times from 10.0.0.7" },
      { message: "one refused refresh token, 6 times from 10.0.0.7" },
    ]);
  });

  test("does not mention somebody who mistypes", () => {
    const { report, lines } = reporting();
    for (let slip = 0; slip < 4; slip += 1) report.failed("10.0.0.7", String(slip));
    jest.advanceTimersByTime(60_000);
    expect(lines("logins.failing")).toEqual([]);
  });

  test("holds the worst twenty addresses alone, whoever floods it", () => {
    const { report, lines } = reporting();
    for (let host = 0; host < 200; host += 1)
      for (let times = 0; times < 5 + host; times += 1) report.failed(`10.0.0.${host}`, "1");
    jest.advanceTimersByTime(60_000);
    expect(lines("logins.failing")).toHaveLength(20);
    expect(lines("logins.failing")[0]).toMatchObject({ address: "10.0.0.199" });
  });
});

describe("the log of limits", () => {
  test("says once who came to it, counts every refusal, and says what a load balancer would need", () => {
    const { report, lines, hits, locks } = reporting();
    for (let refusal = 0; refusal < 100; refusal += 1)
      report.limited({ key: "source:10.0.0.7", source: "10.0.0.7", milliseconds: 30_000 });
    report.limited({ key: "account:xyz", source: "10.0.0.8", milliseconds: 30_000 });
    expect(lines("logins.limited")).toHaveLength(2);
    expect(lines("logins.limited")[0]).toMatchObject({
      reason: "source",
      address: "10.0.0.7",
      seconds: 30,
    });
    expect(JSON.stringify(lines("logins.limited")[0])).toContain("TRUSTED_PROXIES");
    expect(hits).toEqual([...Array<string>(100).fill("source"), "account"]);
    expect(locks).toEqual(["source", "account"]);
  });
});

function reporting() {
  const readable = readableLog();
  const hits: string[] = [];
  const locks: string[] = [];
  const report = limitReport({
    log: readable.log,
    countHit: (reason) => hits.push(reason),
    countLock: (reason) => locks.push(reason),
  });
  return { report, hits, locks, lines: (event: string) => readable.linesOf(event) };
}
