import { expect, test } from "@jest/globals";
import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import { eventOf } from "#gateway/events/event-of.js";

const entry = (action: AuditAction) => {
  const what = { repository: "alpha/app", tag: "1.0", digest: "sha256:a" };
  return { action, actor: SYSTEM, ...what, reason: "because", detail: {} };
};

test("a replaced source is on record only: no event tells of it, as one does of a push", () => {
  expect(eventOf(entry("tag.pushed"))).toMatchObject({ action: "push" });
  expect(eventOf(entry("source.replaced"))).toBeNull();
});
