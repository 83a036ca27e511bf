import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { chainOf, CHAINS, entryHash, genesisHash } from "#audit-log/chain.js";
import { asText } from "#audit-log/commands/show-entries.js";
import { shorten } from "#audit-log/verify/finding.js";

describe("chains", () => {
  // Entries on record are in these; another spread would make every one of them a fault.
  test.each([
    [null, 5],
    ["alpha/app", 15],
    ["beta/app", 3],
  ])("entries of %p are in chain %i for ever", (repository, chain) => {
    expect(chainOf(repository)).toBe(chain);
  });

  test("share repositories evenly", () => {
    const counts = new Array<number>(CHAINS).fill(0);
    for (let index = 0; index < 16_000; index += 1) {
      const chain = chainOf(`team-${index % 100}/app-${index}`);
      counts[chain] = (counts[chain] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });

  test("are hashed as the documentation says", () => {
    const genesis = createHash("sha256").update("wharfinger audit chain 3").digest();
    const first = createHash("sha256").update(Buffer.concat([genesis, Buffer.from('{"ä":1}')]));
    expect(entryHash(genesisHash(3), '{"ä":1}')).toEqual(first.digest());
  });
});

describe("entries for people", () => {
  test("say what, who, where and why on one line that no terminal obeys", () => {
    const actor = { uid: "al\u001b[2Jice", realm: "/employees", kind: "oauth2", address: "::1" };
    const at = "2026-11-20T20:00:00.000000Z";
    const content = JSON.stringify({
      at,
      action: "tag.pushed",
      actor,
      repository: "alpha/app",
      tag: "1.0",
      digest: "sha256:00",
      reason: "tag-free",
      detail: { change: "new" },
    });
    const rest = { chain: 0, position: 1, action: "", repository: null };
    const hashes = { previousHash: Buffer.alloc(0), hash: Buffer.alloc(0) };
    expect(asText({ at, content, ...rest, ...hashes })).toBe(
      '2026-11-20T20:00:00.000Z tag.pushed alpha/app:1.0 sha256:00 by al\uFFFD[2Jice (/employees, oauth2) from ::1 - tag-free {"change":"new"}',
    );
  });

  test("leave out what they are not about", () => {
    const at = "2026-11-20T20:00:00.000000Z";
    const actor = { uid: "", realm: "", kind: "system", address: "" };
    const nothing = { repository: null, tag: null, digest: null, detail: {} };
    const content = JSON.stringify({
      at,
      action: "mode.changed",
      actor,
      reason: "ours",
      ...nothing,
    });
    const place = { chain: 0, position: 1, action: "", repository: null };
    const hashes = { previousHash: Buffer.alloc(0), hash: Buffer.alloc(0) };
    expect(asText({ at, content, ...place, ...hashes })).toBe(
      "2026-11-20T20:00:00.000Z mode.changed by system - ours",
    );
  });

  test("are shortened", () => {
    expect(shorten("x".repeat(1000))).toHaveLength(301);
  });
});
