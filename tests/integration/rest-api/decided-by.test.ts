import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { builtInPolicy } from "#token-server/policy/watch.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { imageManifest, jsonOf, startRestStack, type RestStack } from "./support/stack.js";

const TAGS = "cd".repeat(32);
const { sha256: POLICY } = builtInPolicy.version();

let stack: RestStack;
beforeAll(async () => {
  const rules = compileTagPolicy([
    { id: "moving", tags: ["main"], effect: "mutable" },
    { id: "kept", tags: ["v*"], effect: "immutable" },
    { id: "others", tags: ["*"], effect: "immutable", deletable: true },
  ]);
  const policy = { ...rules, fingerprint: () => TAGS };
  stack = await startRestStack({ policy }, { policy: builtInPolicy });
});
beforeEach(() => stack.ledger.clear());
afterAll(() => stack.stop());

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

async function tokenOf(user: string, password: string, scope: string): Promise<string> {
  const basic = Buffer.from(`${user}:${password}`).toString("base64");
  const path = `/token?service=wharfinger&scope=${encodeURIComponent(scope)}`;
  const answer = await ask(stack.gateway.url, path, {
    headers: { Authorization: `Basic ${basic}` },
  });
  return (jsonOf(answer) as { token: string }).token;
}

async function push(tag: string, token: string, content = tag): Promise<Answer> {
  return ask(stack.gateway.url, `/v2/alpha/app/manifests/${tag}`, {
    method: "PUT",
    headers: {
      ...{ Authorization: `Bearer ${token}`, "Content-Type": MANIFEST, "User-Agent": "docker/28" },
      "X-Request-Id": "request-1",
    },
    body: imageManifest(content),
  });
}

async function onRecord(action: string): Promise<AuditEntry[]> {
  return (await stack.ledger.audited()).filter((entry) => entry.action === action);
}

const ALICE = { rule: "push-employees", team: "alpha", policy: POLICY };
const SCOPE = "repository:alpha/app:pull,push";

describe("what is decided says by what", () => {
  test("a push: rule, team and policy, rule for tags and their file, and from where", async () => {
    const token = await tokenOf("oauth2", "alice-token", SCOPE);
    expect((await push("v1", token)).status).toBe(201);
    const [entry] = await onRecord("tag.pushed");
    expect(entry?.actor).toEqual({
      ...{ uid: "alice", realm: "/employees", kind: "oauth2", address: "127.0.0.1" },
      ...{ userAgent: "docker/28", requestId: expect.any(String), grant: ALICE },
    });
    expect(entry?.detail).toMatchObject({ change: "new", tagRule: "kept", tagPolicy: TAGS });
  });

  test("a push that is refused for the tag's sake", async () => {
    const token = await tokenOf("oauth2", "alice-token", SCOPE);
    await push("v1", token);
    expect((await push("v1", token, "another")).status).toBe(409);
    const [entry] = await onRecord("tag.refused");
    expect(entry).toMatchObject({
      actor: { uid: "alice", grant: ALICE, userAgent: "docker/28" },
      detail: { rule: "kept", tagRule: "kept", tagPolicy: TAGS },
    });
  });

  test("a tag that is locked over REST", async () => {
    await push("main", await tokenOf("oauth2", "alice-token", SCOPE));
    const path = "/repositories/alpha/app/tags/main/lock";
    expect((await stack.rest(path, { method: "PUT" })).status).toBeLessThan(300);
    const [entry] = await onRecord("tag.locked");
    expect(entry).toMatchObject({
      actor: { uid: "alice", grant: ALICE },
      detail: { tagRule: "moving", tagPolicy: TAGS },
    });
  });

  test("of a robot, who made it", async () => {
    const made = await stack.rest("/teams/alpha/robots", {
      method: "POST",
      body: { name: "ci", grants: [{ repositories: "alpha/**", actions: ["pull", "push"] }] },
    });
    const { secret } = jsonOf(made) as { secret: string };
    await push("v2", await tokenOf("robot-alpha-ci", secret, SCOPE));
    const [entry] = await onRecord("tag.pushed");
    expect(entry?.actor.grant).toEqual({ rule: "robots", policy: POLICY, maker: "alice" });
  });
});
