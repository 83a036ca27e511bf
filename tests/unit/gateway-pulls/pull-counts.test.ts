import { describe, expect, test } from "@jest/globals";
import { pullCounts } from "#gateway/pulls/pull-counts.js";
import type { Pull } from "#gateway/pulls/pull.js";

const PULL: Pull = {
  repository: "alpha/app",
  tag: "1.0",
  digest: `sha256:${"a".repeat(64)}`,
  uid: "alice",
  realm: "/employees",
  kind: "oauth2",
  address: "10.1.2.3",
  userAgent: "docker/28",
};
const at = (seconds: number) => new Date(seconds * 1000);

describe("pulls that wait to be written", () => {
  test("are counted, with the first and the last time", () => {
    const counts = pullCounts({ inAll: 10, ofOne: 10 });
    for (const seconds of [20, 10, 30]) counts.add(PULL, at(seconds));
    const userAgents = [PULL.userAgent];
    expect(counts.take(10)).toEqual([
      { ...PULL, userAgents, count: 3, firstAt: at(10), lastAt: at(30) },
    ]);
    expect(counts.size).toBe(0);
  });

  test.each<[string, Partial<Pull>]>([
    ["the repository", { repository: "alpha/other" }],
    ["the tag", { tag: null }],
    ["the digest", { digest: `sha256:${"b".repeat(64)}` }],
    ["who", { uid: "bob" }],
    ["the realm", { realm: "/services" }],
    ["the kind of login", { kind: "oidc" }],
    ["the address", { address: "10.1.2.4" }],
  ])("are told apart by %s", (_what, other) => {
    const counts = pullCounts({ inAll: 10, ofOne: 10 });
    counts.add(PULL, at(1));
    counts.add({ ...PULL, ...other }, at(1));
    expect(counts.size).toBe(2);
  });

  test("are bounded: when full, only what is there already is counted", () => {
    const counts = pullCounts({ inAll: 1, ofOne: 1 });
    expect(counts.add(PULL, at(1))).toBe(true);
    expect(counts.add({ ...PULL, uid: "bob" }, at(1))).toBe(false);
    expect(counts.add(PULL, at(2))).toBe(true);
    expect(counts.take(10)).toMatchObject([{ uid: "alice", count: 2 }]);
  });

  test("by whatever program are one, with the last five programs", () => {
    const counts = pullCounts({ inAll: 1, ofOne: 1 });
    for (let i = 1; i <= 7; i += 1) counts.add({ ...PULL, userAgent: `${i}` }, at(i));
    counts.add({ ...PULL, userAgent: "5" }, at(8));
    expect(counts.take(10)).toMatchObject([
      { count: 8, userAgent: "5", userAgents: ["5", "7", "6", "4", "3"] },
    ]);
  });

  test("of one name leave room for others', and get theirs back", () => {
    const counts = pullCounts({ inAll: 10, ofOne: 2 });
    const of = (uid: string, tag: string) => counts.add({ ...PULL, uid, tag }, at(1));
    expect([of("a", "1"), of("a", "2"), of("a", "3"), of("a", "2")]).toEqual([
      ...[true, true, false, true],
    ]);
    expect(of("b", "1")).toBe(true);
    counts.take(1);
    expect([of("a", "3"), of("a", "4")]).toEqual([true, false]);
  });

  test("of somebody who did not log in are counted by network", () => {
    const counts = pullCounts({ inAll: 10, ofOne: 10 });
    for (const address of ["192.0.2.7", "192.0.2.8", "2001:db8:1:2::3", "2001:db8:1:ffff::4"])
      counts.add({ ...PULL, uid: "", kind: "anonymous", address }, at(1));
    expect(counts.take(10)).toMatchObject([
      { address: "192.0.2.0/24", count: 2 },
      { address: "2001:db8:1::/48", count: 2 },
    ]);
  });

  test("come back when they could not be written, and add up with later ones", () => {
    const counts = pullCounts({ inAll: 2, ofOne: 2 });
    counts.add(PULL, at(1));
    const taken = counts.take(10);
    counts.add(PULL, at(2));
    expect(counts.putBack(taken)).toBe(0);
    const userAgents = [PULL.userAgent];
    expect(counts.take(10)).toEqual([
      { ...PULL, userAgents, count: 2, firstAt: at(1), lastAt: at(2) },
    ]);
  });

  test("that come back to no room are said to be lost, each of them", () => {
    const counts = pullCounts({ inAll: 1, ofOne: 1 });
    counts.add(PULL, at(1));
    counts.add(PULL, at(1));
    const taken = counts.take(10);
    counts.add({ ...PULL, uid: "bob" }, at(2));
    expect(counts.putBack(taken)).toBe(2);
  });

  test("are taken oldest first, no more than asked for", () => {
    const counts = pullCounts({ inAll: 10, ofOne: 10 });
    for (const uid of ["a", "b", "c"]) counts.add({ ...PULL, uid }, at(1));
    expect(counts.take(2).map(({ uid }) => uid)).toEqual(["a", "b"]);
    expect(counts.take(2).map(({ uid }) => uid)).toEqual(["c"]);
  });

  test("are cut to what a database stores", () => {
    const counts = pullCounts({ inAll: 10, ofOne: 10 });
    counts.add({ ...PULL, userAgent: `${"x".repeat(199)}😀`, uid: "a\0b" }, at(1));
    const [pull] = counts.take(1);
    expect(pull?.uid).toBe("a?b");
    expect(pull?.userAgent).toBe(`${"x".repeat(199)}😀`);
    counts.add({ ...PULL, userAgent: `a\u001b[31m\nb\ud83d${"y".repeat(300)}` }, at(1));
    expect(counts.take(1)[0]?.userAgent).toBe(`a?[31m?b?${"y".repeat(191)}`);
  });
});
