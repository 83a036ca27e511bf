import { expect, test } from "@jest/globals";
import { settingsFact } from "#audit-log/facts.js";

test("settings say what they were before, where that was something else", () => {
  const { since } = settingsFact("gateway", { A: "1", B: "2", C: null });
  const before = { settings: { A: "1", B: "1", D: "4" } };
  expect(since?.(before)).toEqual({
    changed: { B: { from: "1", to: "2" }, D: { from: "4", to: null } },
  });
  expect(since?.({ settings: "none" })).toEqual({
    changed: { A: { from: null, to: "1" }, B: { from: null, to: "2" } },
  });
});
