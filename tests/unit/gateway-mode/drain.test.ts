import { describe, expect, test } from "@jest/globals";
import { drainToEnd, onNews, whatIsOpen, type DrainState } from "#gateway/mode/drain.js";
import { NORMAL } from "#gateway/mode/mode.js";

const CHANGED_AT = "2026-11-20 19:00:00+00";
const DRAINING = {
  name: "read-only",
  reason: "the storage moves",
  changedBy: "olga",
  changedAt: CHANGED_AT,
  drainSeconds: 41.2,
  drained: false,
} as const;
const DRAINED = { ...DRAINING, drainSeconds: -3, drained: true } as const;
const GATEWAY = {
  name: "one:8080",
  process: null,
  follows: CHANGED_AT,
  writes: 0,
  silentSeconds: 0.4,
} as const;
const AT_REST: DrainState = {
  mode: DRAINED,
  gateways: [GATEWAY],
  reservations: 0,
  unanswered: 0,
  uploads: 0,
  named: [],
};

describe("the registry is", () => {
  test("at rest when all gateways follow and nothing is under way", () => {
    expect(whatIsOpen(AT_REST)).toEqual([]);
  });

  test("at rest although uploads were left behind, once their time is over", () => {
    expect(whatIsOpen({ ...AT_REST, uploads: 7 })).toEqual([]);
  });

  test.each<[string, Partial<DrainState>, string]>([
    ["in normal mode", { mode: NORMAL }, "the mode is normal: anybody may write"],
    [
      "while a gateway has not followed",
      { gateways: [GATEWAY, { ...GATEWAY, name: "two:8080", follows: null }] },
      "two:8080 does not know of the change yet",
    ],
    [
      "while a gateway follows an older change",
      { gateways: [{ ...GATEWAY, follows: "2026-11-20 18:00:00+00" }] },
      "one:8080 does not know of the change yet",
    ],
    [
      "while a gateway writes",
      { gateways: [{ ...GATEWAY, writes: 2 }] },
      "one:8080 has 2 under way",
    ],
    [
      "while a gateway is silent, whatever it said last",
      { gateways: [{ ...GATEWAY, silentSeconds: 10.6 }] },
      "one:8080 has said nothing for 11 s; if it has ended: mode forget one:8080",
    ],
    ["while tags are reserved", { reservations: 3 }, "tags being written: 3"],
    [
      "while uploads may go on",
      { mode: DRAINING, uploads: 2 },
      "uploads (2 known) may go on for 42 s",
    ],
    [
      "while gateways may let uploads in, though none is known",
      { mode: DRAINING },
      "uploads may go on for 42 s",
    ],
    [
      "while gateways may not have noticed that the time is over",
      { mode: { ...DRAINING, drainSeconds: -0.1 } },
      "the time to drain ends just now",
    ],
  ])("not at rest %s", (_when, state, open) => {
    expect(whatIsOpen({ ...AT_REST, ...state })).toEqual([open]);
  });
});

describe("the time to drain", () => {
  const draining: DrainState = { ...AT_REST, mode: DRAINING };

  test("ends early when all gateways follow and nothing is left", () => {
    expect(drainToEnd(draining)).toBe(CHANGED_AT);
  });

  test("ends when it is over, whatever is left", () => {
    const over = { ...DRAINING, drainSeconds: -0.1 };
    expect(drainToEnd({ ...draining, mode: over, uploads: 5 })).toBe(CHANGED_AT);
  });

  test.each<[string, Partial<DrainState>]>([
    ["an upload is known", { uploads: 1 }],
    ["a gateway writes", { gateways: [{ ...GATEWAY, writes: 1 }] }],
    ["a gateway does not follow", { gateways: [{ ...GATEWAY, follows: null }] }],
    ["it has ended", { mode: DRAINED }],
    ["the mode is normal", { mode: NORMAL }],
  ])("does not end while %s", (_what, state) => {
    expect(drainToEnd({ ...draining, ...state })).toBeNull();
  });
});

test("whoever waits is told of what changes, not of every second", () => {
  const told: (readonly string[])[] = [];
  const tell = onNews((open) => told.push(open));
  for (const open of [
    ["uploads may go on for 9 s"],
    ["uploads may go on for 8 s"],
    ["tags being written: 1"],
  ])
    tell(open);
  expect(told).toEqual([["uploads may go on for 9 s"], ["tags being written: 1"]]);
});
