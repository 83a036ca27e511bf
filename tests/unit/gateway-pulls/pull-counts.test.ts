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
    const counts = pullCounts(10);
    for (const seconds of [20, 10, 30]) counts.add(PULL, at(seconds));
    expect(counts.take(10)).toEqual([{ ...PULL, count: 3, firstAt: at(10), lastAt: at(30) }]);
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
    ["the user agent", { userAgent: "containerd/2" }],
  ])("are told apart by %s", (_what, other) => {
    const counts = pullCounts(10);
    counts.add(PULL, at(1));
    counts.add({ ...PULL, ...other }, at(1));
    expect(counts.size).toBe(2);
  });

  test("are bounded: when full, only what is there already is counted", () => {
    const counts = pullCounts(1);
    expect(counts.add(PULL, at(1))).toBe(true);
    expect(counts.add({ ...PULL, uid: "bob" }, at(1))).toBe(false);
    expect(counts.add(PULL, at(2))).toBe(true);
    expect(counts.take(10)).toMatchObject([{ uid: "alice", count: 2 }]);
  });

  test("come back when they could not be written, and add up with later ones", () => {
    const counts = pullCounts(2);
    counts.add(PULL, at(1));
    const taken = counts.take(10);
    counts.add(PULL, at(2));
    expect(counts.putBack(taken)).toBe(0);
    expect(counts.take(10)).toEqual([{ ...PULL, count: 2, firstAt: at(1), lastAt: at(2) }]);
  });

  test("that come back to no room are said to be lost, each of them", () => {
    const counts = pullCounts(1);
    counts.add(PULL, at(1));
    counts.add(PULL, at(1));
    const taken = counts.take(10);
    counts.add({ ...PULL, uid: "bob" }, at(2));
    expect(counts.putBack(taken)).toBe(2);
  });

  test("are taken oldest first, no more than asked for", () => {
    const counts = pullCounts(10);
    for (const uid of ["a", "b", "c"]) counts.add({ ...PULL, uid }, at(1));
    expect(counts.take(2).map(({ uid }) => uid)).toEqual(["a", "b"]);
    expect(counts.take(2).map(({ uid }) => uid)).toEqual(["c"]);
  });

  test("are cut to what a database stores", () => {
    const counts = pullCounts(10);
    counts.add({ ...PULL, userAgent: `${"x".repeat(199)}😀`, uid: "a\0b" }, at(1));
    const [pull] = counts.take(1);
    expect(pull?.uid).toBe("a?b");
    expect(pull?.userAgent).toBe(`${"x".repeat(199)}😀`);
    counts.add({ ...PULL, userAgent: `a\u001b[31m\nb\ud83d${"y".repeat(300)}` }, at(1));
    expect(counts.take(1)[0]?.userAgent).toBe(`a?[31m?b?${"y".repeat(191)}`);
  });
});
