import { beforeEach, describe, expect, test } from "@jest/globals";
import { NORMAL, type Mode } from "#gateway/mode/mode.js";
import { writeGate, type WriteGate } from "#gateway/mode/write-gate.js";
import type { RequestKind } from "#registry-protocol/request.js";

const READS = [
  "base",
  "extensions.list",
  "extensions.of",
  "catalog",
  "tags.list",
  "tags.described",
  "tag.history",
  "referrers.list",
  "manifest.read",
  "blob.read",
  "upload.status",
] as const;
const BEGINS = [
  "upload.start",
  "manifest.put-by-tag",
  "manifest.put-by-digest",
  "manifest.delete",
  "blob.delete",
] as const;
const GOES_ON = ["upload.continue", "upload.cancel"] as const;

let now: number;
let gate: WriteGate;

beforeEach(() => {
  now = 1_000;
  gate = writeGate(() => now);
});

describe("a gate that knows no mode yet", () => {
  test.each([...BEGINS, ...GOES_ON])("lets no %s pass", (kind) => {
    expect(() => admit(kind)).toThrow(
      expect.objectContaining({
        code: "UNAVAILABLE",
        message: "whether anything may be pushed is not known yet; try again",
      }),
    );
  });

  test("lets everybody read", () => {
    for (const kind of READS) expect(() => admit(kind)).not.toThrow();
  });
});

describe("a gate in normal mode", () => {
  test("lets everything pass", () => {
    gate.follow(NORMAL);
    for (const kind of [...READS, ...BEGINS, ...GOES_ON]) expect(() => admit(kind)).not.toThrow();
  });

  test("counts writes until they end, once each", () => {
    gate.follow(NORMAL);
    const first = admit("upload.start");
    for (const kind of ["manifest.put-by-tag", "blob.read"] as const) admit(kind);
    expect(gate.writes()).toBe(2);
    first();
    first();
    expect(gate.writes()).toBe(1);
  });

  test("cuts nothing", () => {
    gate.follow(NORMAL);
    expect(cutsOf("upload.continue")).toBe(0);
  });
});

describe("a read-only gate", () => {
  test.each(BEGINS)("refuses %s with the reason and when to come back", (kind) => {
    gate.follow(readOnly({ drainSeconds: 60 }));
    expect(() => admit(kind)).toThrow(
      expect.objectContaining({
        code: "READ_ONLY",
        message: "read-only for now, try again later: the storage moves",
      }),
    );
  });

  test("lets everybody read", () => {
    gate.follow(readOnly({}));
    for (const kind of READS) expect(() => admit(kind)).not.toThrow();
  });

  test("lets uploads go on until the time to drain is over", () => {
    gate.follow(readOnly({ drainSeconds: 60 }));
    now += 59_999;
    for (const kind of GOES_ON) expect(() => admit(kind)).not.toThrow();
    now += 1;
    for (const kind of GOES_ON) expect(() => admit(kind)).toThrow();
  });

  test("still counts what it admitted before", () => {
    gate.follow(NORMAL);
    const ended = admit("manifest.put-by-tag");
    gate.follow(readOnly({}));
    expect(gate.writes()).toBe(1);
    ended();
    expect(gate.writes()).toBe(0);
  });

  test("cuts what is under way when the time to drain is over, and not before", () => {
    let cuts = 0;
    gate.follow(NORMAL);
    gate.admit("upload.start", () => (cuts += 1));
    gate.follow(readOnly({ drainSeconds: 60 }));
    gate.cutLate();
    expect(cuts).toBe(0);
    now += 60_000;
    gate.cutLate();
    expect(cuts).toBe(1);
  });

  test("never cuts a pull", () => {
    gate.follow(readOnly({}));
    expect(cutsOf("blob.read")).toBe(0);
  });

  test("opens again", () => {
    gate.follow(readOnly({}));
    gate.follow({ ...NORMAL, changedAt: "2026-11-20 20:00:00+00" });
    for (const kind of BEGINS) expect(() => admit(kind)).not.toThrow();
  });
});

function readOnly(known: Partial<Mode>): Mode {
  return {
    name: "read-only",
    reason: "the storage moves",
    changedBy: "olga",
    changedAt: "2026-11-20 19:00:00+00",
    drainSeconds: 0,
    drained: false,
    ...known,
  };
}

function admit(kind: RequestKind): () => void {
  return gate.admit(kind, () => undefined);
}

function cutsOf(kind: RequestKind): number {
  let cuts = 0;
  gate.admit(kind, () => (cuts += 1));
  gate.cutLate();
  return cuts;
}
