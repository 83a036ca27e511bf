import { describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { eventOf } from "#gateway/events/event-of.js";
import { cloudEvent } from "#gateway/sinks/cloud-event.js";
import { pierOneAuditEvent, pierOneMessage } from "#gateway/sinks/pier-one.js";
import { publication } from "#gateway/sinks/sns-publication.js";
import { DIGEST, eventWith } from "#tests/support/events.js";

const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:pushes";
const SCM_SOURCE = { url: "git:x", revision: "abc", author: "alice", status: "" };

describe("Pier One's message", () => {
  test("has registry, team, image and tag and nothing else", () => {
    expect(pierOneMessage(eventWith(), REGISTRY.name)).toBe(
      '{"registry":"registry.example.org","team":"alpha","image":"app","tag":"1.0"}',
    );
  });

  test("has the whole rest of a deep name as image", () => {
    expect(pierOneMessage(eventWith({ repository: "alpha/a/b" }), REGISTRY.name)).toBe(
      '{"registry":"registry.example.org","team":"alpha","image":"a/b","tag":"1.0"}',
    );
  });
});

describe("Pier One's audit event", () => {
  test("of a push with a source is Pier One's to the byte", () => {
    const event = eventWith({ detail: { scmSource: SCM_SOURCE } });
    expect(pierOneAuditEvent(event, REGISTRY.name)).toBe(
      '{"event_type":{"namespace":"cloud.zalando.com","name":"docker-tag-uploaded","version":"1"},' +
        '"triggered_at":"2026-11-20T19:58:06.217Z",' +
        '"triggered_by":{"type":"USER","id":"alice","additional":{"realm":"/employees"}},' +
        '"payload":{"scm_source":{"url":"git:x","revision":"abc","author":"alice","status":""},' +
        '"tag":{"team":"alpha","artifact":"app","tag":"1.0","repository":"registry.example.org"}}}',
    );
  });

  test("of a push without a source leaves it out", () => {
    const { payload } = JSON.parse(pierOneAuditEvent(eventWith(), REGISTRY.name)) as {
      payload: object;
    };
    expect(Object.keys(payload)).toEqual(["tag"]);
  });

  test("names what the gateway did by itself as the system's work", () => {
    const text = pierOneAuditEvent(eventWith({ actor: SYSTEM, action: "drift" }), REGISTRY.name);
    expect(JSON.parse(text)).toMatchObject({
      event_type: { name: "docker-tag-drifted" },
      triggered_by: { type: "SYSTEM", id: "wharfinger" },
    });
  });
});

describe("a CloudEvent", () => {
  test("of a push says what, where, when and who to the byte", () => {
    expect(cloudEvent(eventWith(), REGISTRY)).toBe(
      '{"specversion":"1.0","id":"7b1f3c1e-5a0d-4f6e-9a52-0c2f1f0f4d11",' +
        '"source":"https://registry.example.org","type":"io.wharfinger.tag.pushed",' +
        '"subject":"alpha/app:1.0","time":"2026-11-20T19:58:06.217Z",' +
        '"datacontenttype":"application/json","data":{"action":"push",' +
        '"registry":"registry.example.org","repository":"alpha/app","team":"alpha","artifact":"app",' +
        `"tag":"1.0","digest":"${DIGEST}","previousDigest":null,` +
        '"reference":"registry.example.org/alpha/app:1.0",' +
        '"actor":{"uid":"alice","realm":"/employees","kind":"oauth2"},"reason":"pushed"}}',
    );
  });

  test("of a manifest without a tag is about its digest", () => {
    expect(
      JSON.parse(cloudEvent(eventWith({ action: "delete", tag: null }), REGISTRY)),
    ).toMatchObject({
      type: "io.wharfinger.manifest.deleted",
      subject: `alpha/app@${DIGEST}`,
      data: { tag: null, reference: `registry.example.org/alpha/app@${DIGEST}` },
    });
  });

  test("of pulls says how many they were and when", () => {
    const pulls = { count: 3, firstAt: "2026-11-20T19:58:01Z", lastAt: "2026-11-20T19:58:05Z" };
    const event = eventWith({ action: "pull", detail: pulls });
    expect(JSON.parse(cloudEvent(event, REGISTRY))).toMatchObject({ data: { pulls } });
  });

  test("has the source of the image when it is known", () => {
    const event = eventWith({ detail: { scmSource: SCM_SOURCE, other: "is left out" } });
    const { data } = JSON.parse(cloudEvent(event, REGISTRY)) as { data: object };
    expect(data).toMatchObject({ scmSource: SCM_SOURCE });
    expect(data).not.toHaveProperty("other");
  });

  const FOUND = `sha256:${"cd".repeat(32)}`;
  test.each([
    [
      "drift",
      { found: FOUND, recordedAs: "tag.drifted" },
      { found: FOUND, recordedAs: "tag.drifted" },
    ],
    [
      "drift",
      { sightings: 3, recordedAs: "tag.missing" },
      { found: null, recordedAs: "tag.missing" },
    ],
    ["refused", { rule: "immutable", held: FOUND }, { rule: "immutable", held: FOUND }],
    ["refused", { rule: "latest", held: null }, { rule: "latest", held: null }],
    ["push", { change: "new", recordedAs: "tag.pushed" }, { recordedAs: "tag.pushed" }],
    ["push", { recordedAs: "tag.adopted" }, { recordedAs: "tag.adopted" }],
    ["push", { found: FOUND, rule: "immutable", held: FOUND }, {}],
    ["drift", {}, {}],
    ["refused", {}, {}],
  ] as const)("of the action %s with %j on record says %j", (action, detail, wanted) => {
    const { data } = JSON.parse(cloudEvent(eventWith({ action, detail }), REGISTRY)) as {
      data: Readonly<Record<string, unknown>>;
    };
    const known = ["found", "held", "recordedAs", "rule"].filter((name) => name in data);
    expect(Object.fromEntries(known.map((name) => [name, data[name]]))).toEqual(wanted);
  });
});

describe("a CloudEvent of an entry in the audit log", () => {
  const AT_REGISTRY = `sha256:${"cd".repeat(32)}`;
  test.each([
    ["tag.drifted", { found: AT_REGISTRY }, { action: "drift", found: AT_REGISTRY }],
    ["tag.missing", { sightings: 3 }, { action: "drift", found: null }],
    [
      "manifest.missing-blob",
      { missing: [AT_REGISTRY], count: 1 },
      { action: "drift", missing: [AT_REGISTRY] },
    ],
    ["tag.refused", { rule: "a", held: DIGEST }, { action: "refused", rule: "a", held: DIGEST }],
    ["tag.adopted", {}, { action: "push" }],
    ["tag.pushed", { change: "new" }, { action: "push" }],
  ] as const)("tells %s with %j", (recordedAs, detail, wanted) => {
    const { repository, tag, digest, actor, reason, occurredAt } = eventWith();
    const entry = { action: recordedAs, repository, tag, digest, actor, reason, detail };
    const event = eventOf(entry);
    if (event === null) throw new Error(`${recordedAs} is not announced`);
    expect(JSON.parse(cloudEvent({ ...event, occurredAt }, REGISTRY))).toMatchObject({
      data: { ...wanted, recordedAs },
    });
  });
});

describe("what SNS is told", () => {
  const attributesOf = (differences: Parameters<typeof eventWith>[0]) =>
    Object.entries(publication(eventWith(differences), TOPIC, "{}").MessageAttributes ?? {}).map(
      ([name, { DataType, StringValue }]) => [name, DataType, StringValue],
    );

  test("has team, repository, tag, action and digest as attributes", () => {
    expect(attributesOf({})).toEqual([
      ["team", "String", "alpha"],
      ["repository", "String", "alpha/app"],
      ["tag", "String", "1.0"],
      ["action", "String", "push"],
      ["digest", "String", DIGEST],
    ]);
  });

  test("has no attribute without a value, which SNS would refuse", () => {
    expect(attributesOf({ tag: null, digest: "" }).map(([name]) => name)).toEqual([
      "team",
      "repository",
      "action",
    ]);
  });

  test("has neither group nor deduplication for a standard topic", () => {
    const told = publication(eventWith(), TOPIC, "{}");
    expect(told).not.toHaveProperty("MessageGroupId");
    expect(told).not.toHaveProperty("MessageDeduplicationId");
  });

  test("keeps the order of a repository and drops what is sent twice in a FIFO topic", () => {
    expect(publication(eventWith(), `${TOPIC}.fifo`, "{}")).toMatchObject({
      MessageGroupId: "alpha/app",
      MessageDeduplicationId: "7b1f3c1e-5a0d-4f6e-9a52-0c2f1f0f4d11",
    });
  });

  test.each([
    [128, `alpha/${"x".repeat(122)}`],
    [64, `alpha/${"x".repeat(123)}`],
  ])("has a group id of %s characters for a long name, one for each name", (length, repository) => {
    const groupOf = (name: string) =>
      publication(eventWith({ repository: name }), `${TOPIC}.fifo`, "{}").MessageGroupId;
    expect(groupOf(repository)).toHaveLength(length);
    expect(groupOf(repository)).not.toBe(groupOf(`${repository.slice(0, -1)}y`));
  });
});
