import { describe, expect, test } from "@jest/globals";
import { uploadStates } from "#gateway/proxy/upload-states.js";

/** As stock registries write it: their signature, and what it is of. */
const stateAt = (offset: number) =>
  Buffer.concat([Buffer.alloc(32), Buffer.from(JSON.stringify({ Offset: offset, x: 1 }))]).toString(
    "base64url",
  );
const place = (query: string, session = "one") =>
  `http://registry/v2/alpha/app/blobs/uploads/${session}?${query}`;

describe("how far an upload is", () => {
  const asked = (told: readonly (string | undefined)[], target = place(`_state=${stateAt(5)}`)) => {
    const states = uploadStates();
    for (const location of told) states.told({ headers: { location } });
    return states.parametersOf("one", target).get("_state");
  };

  test("is what the registry said last, where the client says less", () => {
    expect(asked([])).toBe(stateAt(5));
    expect(asked([place(`_state=${stateAt(9)}`)])).toBe(stateAt(9));
    expect(asked([place(`_state=${stateAt(9)}`), place(`_state=${stateAt(12)}`)])).toBe(
      stateAt(12),
    );
  });

  test("is what the client says, where that is more, or cannot be compared", () => {
    expect(asked([place(`_state=${stateAt(4)}`)])).toBe(stateAt(5));
    expect(asked([place(`_state=${stateAt(9)}`)], place("_state=odd"))).toBe("odd");
    expect(asked([place(`_state=${stateAt(9)}`)], place("x=1"))).toBeNull();
  });

  test.each([
    ["names no place", undefined],
    ["names another place", "/v2/alpha/app/manifests/1.0?_state=x"],
    ["says no state", place("x=1")],
    ["says a state that cannot be read", place("_state=odd")],
    ["is of another upload", place(`_state=${stateAt(99)}`, "other")],
  ])("is no less for an answer that %s", (_what, location) => {
    expect(asked([place(`_state=${stateAt(9)}`), location])).toBe(stateAt(9));
  });
});
