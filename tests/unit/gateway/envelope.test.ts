import { describe, expect, test } from "@jest/globals";
import { eventAction, parseEnvelope } from "#gateway/hooks/envelope.js";

/** As the registry sends it, shortened. */
const EVENT = {
  id: "320678d8-ca14-430f-8bb6-4ca139cd83f7",
  timestamp: "2026-11-20T12:00:00Z",
  action: "push",
  target: { mediaType: "application/octet-stream", repository: "alpha/app", tag: "1.0" },
  actor: { name: "alice" },
};

describe("notifications of the registry", () => {
  test("an envelope is understood and unknown fields are kept", () => {
    const body = Buffer.from(JSON.stringify({ events: [EVENT], later: true }));
    expect(parseEnvelope(body)).toEqual({ events: [EVENT], later: true });
  });

  test("an envelope without events is understood", () => {
    expect(parseEnvelope(Buffer.from('{"events":[]}'))).toEqual({ events: [] });
  });

  test.each([
    "",
    "nonsense",
    "null",
    "[]",
    "{}",
    '{"events":null}',
    '{"events":[{"id":7,"action":"push"}]}',
    '{"events":[{"id":"x"}]}',
    "\xff\xfe",
  ])("what is no envelope is told from one: %s", (text) => {
    expect(parseEnvelope(Buffer.from(text, "latin1"))).toBeNull();
  });

  test.each([
    ["push", "push"],
    ["pull", "pull"],
    ["mount", "mount"],
    ["delete", "delete"],
    ["PUSH", "other"],
    ["explode", "other"],
    ["", "other"],
  ])("the action %s is counted as %s", (action, wanted) => {
    expect(eventAction(action)).toBe(wanted);
  });
});
