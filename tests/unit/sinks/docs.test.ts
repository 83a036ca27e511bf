import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { cloudEvent } from "#gateway/sinks/cloud-event.js";
import { pierOneAuditEvent, pierOneMessage } from "#gateway/sinks/pier-one.js";
import { regionOfTopic } from "#gateway/sinks/sink-spec.js";
import { sinksSchema } from "#gateway/sinks/sinks-schema.js";
import { parseYaml } from "#service-kit/yaml-file.js";
import { eventWith } from "#tests/support/events.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const TEXT = readFileSync(join(REPOSITORY_ROOT, "docs/events.md"), "utf8");
const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const SCM_SOURCE = { url: "git:x", revision: "abc", author: "alice", status: "" };
const EVENT = eventWith({ detail: { scmSource: SCM_SOURCE, recordedAs: "tag.pushed" } });
const DRIFT = eventWith({
  action: "drift",
  actor: SYSTEM,
  reason: "the registry has another digest, which nobody pushed through the gateway",
  detail: { found: `sha256:${"cd".repeat(32)}`, recordedAs: "tag.drifted" },
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wharfinger-sinks-"));
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets", "scanner"), `whsec_${"A".repeat(43)}=`);
  writeFileSync(join(folder, "secrets", "audit-token"), "token");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([^\`]+)\`\`\``).exec(TEXT)?.[1] ?? "";
}

describe("docs/events.md", () => {
  test("has a sinks file that can be used", () => {
    const { sinks } = parseYaml("sinks.yaml", block("yaml"), sinksSchema(folder));
    expect(sinks.map(({ type }) => type)).toEqual(["sns", "webhook", "audit"]);
  });

  test("names every key of a sink", () => {
    const table = /\| key [^]*?\n\n/.exec(TEXT)?.[0] ?? "";
    const { sinks } = parseYaml("sinks.yaml", block("yaml"), sinksSchema(folder));
    const keys = new Set(sinks.flatMap((sink) => Object.keys(sink)));
    expect([...keys].filter((key) => !table.includes(`\`${key}\``))).toEqual([]);
    expect(keys.size).toBeGreaterThan(10);
  });

  test.each([
    ["pierone", pierOneMessage(EVENT, REGISTRY.name)],
    ["cloudevents", cloudEvent(EVENT, REGISTRY)],
    ["audit", pierOneAuditEvent(EVENT, REGISTRY.name)],
  ])("shows the real payload: %s", (language, payload) => {
    expect(JSON.stringify(JSON.parse(block(`json ${language}`)))).toBe(payload);
  });

  test("shows the real data of drift", () => {
    const { data } = JSON.parse(cloudEvent(DRIFT, REGISTRY)) as { data: object };
    expect(JSON.parse(block("json drift"))).toEqual(data);
  });

  test("shows a permission for a topic", () => {
    const { Statement } = JSON.parse(block("json iam")) as { Statement: [{ Resource: string }] };
    expect(regionOfTopic(Statement[0].Resource)).toBe("eu-central-1");
  });
});
