import { describe, expect, test } from "@jest/globals";
import { eventAction, parseEnvelope } from "#gateway/notifications/envelope.js";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** A push as 2.8.2 reports it. */
const PUSH = {
  id: "15f123ae-9443-494f-829f-4ad7237523eb",
  timestamp: "2026-11-20T22:53:52.88844092Z",
  action: "push",
  target: {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    size: 246,
    digest: DIGEST,
    length: 246,
    repository: "alpha/app",
    url: `http://127.0.0.1:5000/v2/alpha/app/manifests/${DIGEST}`,
    tag: "1.0",
  },
  request: {
    id: "971a5e46-c04d-4a05-9c81-04e4648707b7",
    addr: "10.1.2.3",
    host: "127.0.0.1:5000",
    method: "PUT",
    useragent: "docker/28.2",
  },
  actor: { name: "alice" },
  source: { addr: "vm:5000", instanceID: "6dccbba2-7cb7-4c72-993b-e20430080129" },
};

/** A deletion of a tag as 3.1.1 reports it: what it does not know is empty. */
const DELETION = {
  ...PUSH,
  id: "01a1fb2a-9a10-793f-bb12-0db1d7f009c4",
  action: "delete",
  target: { mediaType: "", digest: "", size: 0, repository: "alpha/app", tag: "1.0" },
  actor: {},
};

const read = (envelope: unknown) => parseEnvelope(Buffer.from(JSON.stringify(envelope)));

describe("notifications of the registry", () => {
  test("an event is understood, and all of it is kept", () => {
    const later = { ...PUSH, later: { unknown: [1, "\u0000"] } };
    const { events, dead } = read({ events: [later], later: true });
    expect(dead).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      id: PUSH.id,
      action: "push",
      repository: "alpha/app",
      tag: "1.0",
      digest: DIGEST,
      isManifest: true,
      method: "PUT",
      userAgent: "docker/28.2",
      address: "10.1.2.3",
      uid: "alice",
    });
    expect(JSON.parse(events[0]?.content ?? "")).toEqual(later);
  });

  test("what 3.x leaves empty is not there", () => {
    const { events } = read({ events: [DELETION] });
    expect(events[0]).toMatchObject({ tag: "1.0", digest: null, uid: "", isManifest: true });
  });

  test("an event about a blob is told from one about a manifest", () => {
    const url = `http://127.0.0.1:5000/v2/alpha/app/blobs/${DIGEST}`;
    const target = { ...PUSH.target, mediaType: "application/octet-stream", url, tag: undefined };
    expect(read({ events: [{ ...PUSH, target }] }).events[0]?.isManifest).toBe(false);
  });

  test("an envelope without events says nothing", () => {
    expect(read({ events: [] })).toEqual({ events: [], dead: [] });
  });

  test("an event of an action that nobody knows needs no target", () => {
    const { events } = read({ events: [{ id: "1", action: "explode" }] });
    expect(events[0]).toMatchObject({ action: "explode", repository: null });
  });

  test.each([
    [
      "one event that is none",
      '{"id":7,"size":12345678901234567891}',
      /^an event that is none: id: [^;]+$/,
    ],
    ["several", '{"id":7},{"id":8},7', /^an event that is none: id: .*; and 2 more that are none$/],
    [
      "one nested without end",
      `${"[".repeat(99)}${"]".repeat(99)}`,
      /^an event is nested too deeply$/,
    ],
  ])(
    "of an envelope with %s the good events count, and all of it is kept",
    (_what, bad, reason) => {
      const [first, last] = [JSON.stringify(PUSH), JSON.stringify({ ...PUSH, id: "2" })];
      const body = Buffer.from(`{ "later": 1.0, "events":[${first}, ${bad},${last}]}\n`);
      const { events, dead } = parseEnvelope(body);
      expect(events.map(({ id }) => id)).toEqual([PUSH.id, "2"]);
      const letter = { reason: expect.stringMatching(reason), content: body, size: body.length };
      expect(dead).toEqual([letter]);
    },
  );

  test.each([
    ["an id that is none", { id: 7 }],
    ["no id", { id: undefined }],
    ["an empty id", { id: "" }],
    ["an id that is too long", { id: "x".repeat(201) }],
    ["a NUL in the id", { id: "a\0b" }],
    ["no action", { action: undefined }],
    ["a push of nothing", { target: undefined }],
    ["a push to nowhere", { target: { ...PUSH.target, repository: "" } }],
    ["a NUL in the tag", { target: { ...PUSH.target, tag: "1\u00000" } }],
    ["a tag that is too long", { target: { ...PUSH.target, tag: "x".repeat(129) } }],
    ["a repository that is a number", { target: { ...PUSH.target, repository: 7 } }],
    ["a target that is a text", { target: "alpha/app" }],
    ["a request that is a list", { request: [1] }],
  ])("an event with %s is a dead letter", (_what, change) => {
    const { events, dead } = read({ events: [{ ...PUSH, ...change }] });
    expect(events).toEqual([]);
    expect(dead[0]?.reason).toMatch(/^an event /);
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "nonsense"],
    ["null", "null"],
    ["a list", "[]"],
    ["no events", "{}"],
    ["events that are none", '{"events":null}'],
    ["bytes that are no UTF-8", "\xff\xfe"],
    ["an event nested without end", `{"events":[${"[".repeat(99)}${"]".repeat(99)}]}`],
    ["brackets by the hundred thousand", "[".repeat(200_000)],
    ["more events than can be stored at once", `{"events":[${"0,".repeat(10_000)}0]}`],
  ])("%s is one dead letter, byte for byte", (_what, text) => {
    const body = Buffer.from(text, "latin1");
    const { events, dead } = parseEnvelope(body);
    expect(events).toEqual([]);
    expect(dead).toEqual([{ reason: expect.any(String), content: body, size: body.length }]);
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
