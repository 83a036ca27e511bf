import { describe, expect, test } from "@jest/globals";
import { refuseTooManyTags } from "#gateway/ledger/push-tags.js";
import { isVisible } from "#gateway/ledger/repositories-in-view.js";
import { persistently } from "#gateway/ledger/settle.js";
import { Fault } from "#registry-protocol/faults.js";
import { MARKER } from "#registry-protocol/storage-marker.js";

describe("what is done persistently", () => {
  const failing = async (error: Error) => {
    const seen = { tries: 0, pauses: [] as number[] };
    const pause = (milliseconds: number) => {
      seen.pauses.push(milliseconds);
      if (seen.pauses.length > 20) throw new Error("it is tried for ever");
      return Promise.resolve();
    };
    const work = () => {
      seen.tries += 1;
      return Promise.reject(error);
    };
    await expect(persistently({ pause }, work)).rejects.toBe(error);
    return seen;
  };

  test("is tried five times while the database is away", async () => {
    expect(await failing(new Fault("UNAVAILABLE"))).toEqual({
      tries: 5,
      pauses: [500, 1_000, 1_500, 2_000],
    });
  });

  test("is tried once where trying again changes nothing", async () => {
    expect(await failing(new TypeError("a mistake"))).toEqual({ tries: 1, pauses: [] });
  });
});

test("a push writes 32 tags at most", () => {
  refuseTooManyTags(32);
  expect(() => {
    refuseTooManyTags(33);
  }).toThrow(expect.objectContaining({ code: "TAGS_TOO_MANY", detail: { tags: 33, most: 32 } }));
});

test("whoever may see everything does not see the repository that marks the storage", () => {
  expect(isVisible(() => true, "alpha/app")).toBe(true);
  expect(isVisible(() => true, MARKER.repository)).toBe(false);
  expect(isVisible(() => false, "alpha/app")).toBe(false);
});
