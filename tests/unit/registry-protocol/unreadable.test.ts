import { expect, test } from "@jest/globals";
import { Unreadable, unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";

test("what the registry will never give out is nothing, and any other failure stays one", async () => {
  expect(await unlessUnreadable(Promise.resolve("found"))).toBe("found");
  expect(await unlessUnreadable(Promise.reject(new Unreadable("no manifest")))).toBeNull();
  const away = new Error("away");
  await expect(unlessUnreadable(Promise.reject(away))).rejects.toBe(away);
});
