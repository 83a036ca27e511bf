import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startSecondGateway } from "#tests/support/running-gateway.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import {
  startTraceCollector,
  type CollectedSpan,
  type TraceCollector,
} from "#tests/support/trace-collector.js";

const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
/** Of a caller that began a trace of its own. */
const ELSEWHERE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${ELSEWHERE}-b7ad6b7169203331-01`;

let collector: TraceCollector;
let stack: TestStack;
beforeAll(async () => {
  collector = await startTraceCollector();
  stack = await startTestStack({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=not%20for%20others",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    },
  });
});
afterAll(async () => {
  await stack.stop();
  await collector.stop();
});

const below = (parent: CollectedSpan) =>
  collector.spans.filter(
    ({ traceId, parentSpanId }) => traceId === parent.traceId && parentSpanId === parent.spanId,
  );

/** @returns the span of a request, once it is there; its parts were sent with it or before */
const spanOf = (requestId: string) =>
  collector.find(`the span of ${requestId}`, ({ kind, service, facts }) => {
    return kind === SERVER && service === "gateway" && facts["wharfinger.request_id"] === requestId;
  });

async function pushManifest(tag: string): Promise<Response> {
  const alice = registryClient(stack.url, "alice-token");
  await alice.push("alpha/traced", `${tag}-before`, "same");
  const { text } = await alice.manifest("alpha/traced", `${tag}-before`);
  // One that the gateway has not seen before: within a second the same is granted by the same token.
  const bearer = await alice.token(
    `repository:alpha/traced:pull,push repository:alpha/${tag}:pull`,
  );
  return fetch(`${stack.url}/v2/alpha/traced/manifests/${tag}`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${bearer}`,
      "content-type": "application/vnd.oci.image.manifest.v1+json",
    },
    body: text,
  });
}

const askForToken = (url: string, headers: Record<string, string>) =>
  fetch(`${url}/token?service=wharfinger&scope=repository:alpha/traced:pull`, {
    headers: {
      authorization: `Basic ${Buffer.from("oauth2:alice-token").toString("base64")}`,
      ...headers,
    },
  });

describe("traces", () => {
  test("show of a push what it waited for: Postgres by statements, the registry by kinds of paths", async () => {
    const answer = await pushManifest("1.0");
    expect(answer.status).toBe(201);
    const span = await spanOf(answer.headers.get("x-request-id") ?? "");
    expect(span).toMatchObject({
      name: "PUT manifest.put-by-tag",
      parentSpanId: "",
      isError: false,
    });
    expect(span.facts).toMatchObject({
      "http.request.method": "PUT",
      "http.route": "manifest.put-by-tag",
      "http.response.status_code": 201,
      "wharfinger.repository": "alpha/traced",
      "wharfinger.reference": "1.0",
    });
    const parts = below(span);
    expect(parts.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "verify token",
        "reserve tag",
        "PUT /v2/{name}/manifests/{reference}",
        "TRANSACTION",
        "commit tag",
        "COMMIT",
      ]),
    );
    const reserved = parts.find(({ name }) => name === "reserve tag");
    expect(reserved).toMatchObject({ kind: CLIENT, isError: false });
    expect(reserved?.facts).toMatchObject({
      "db.system.name": "postgresql",
      "db.query.summary": "reserve tag",
    });
    const put = parts.find(({ name }) => name.startsWith("PUT "));
    const { registry = "" } = await stack.addresses();
    expect(put?.facts).toMatchObject({
      "server.port": Number(new URL(registry).port),
      "http.response.status_code": 201,
    });
    expect(parts.every(({ nanoseconds }) => nanoseconds >= 0n)).toBe(true);
  });

  test("have their id in the line that the log has of a request", async () => {
    const answer = await pushManifest("1.1");
    const id = answer.headers.get("x-request-id") ?? "";
    const { traceId } = await spanOf(id);
    await eventually("the line is there", async () => {
      const log = await readFile(join(stack.dataDir, "logs", "gateway.log"), "utf8");
      return log
        .split("\n")
        .some((line) => line.includes(id) && line.includes(`"trace_id":"${traceId}"`));
    });
  });

  test("go on at the token server, which shows its steps and whom it asks", async () => {
    const answer = await askForToken(stack.url, {});
    const atGateway = await spanOf(answer.headers.get("x-request-id") ?? "");
    const [asking] = below(atGateway).filter(({ name }) => name === "GET /token");
    const atTokenServer = await collector.find(
      "the token server's span",
      ({ service, parentSpanId }) => service === "token-server" && parentSpanId === asking?.spanId,
    );
    expect(atTokenServer).toMatchObject({
      name: "GET token",
      kind: SERVER,
      traceId: atGateway.traceId,
    });
    await eventually("its steps are there", () => below(atTokenServer).length >= 3);
    const steps = below(atTokenServer).filter(({ kind }) => kind === INTERNAL);
    expect(steps.map(({ name }) => name)).toEqual(["log in", "decide access", "sign token"]);
  });

  test("are a trace of their own where anybody names another one, and a link to it", async () => {
    const answer = await askForToken(stack.url, { traceparent: TRACEPARENT });
    const span = await spanOf(answer.headers.get("x-request-id") ?? "");
    expect(span.traceId).not.toBe(ELSEWHERE);
    expect(span).toMatchObject({ parentSpanId: "", links: [ELSEWHERE] });
  });

  test("go on with the trace that a trusted proxy names, and are left out where that says so", async () => {
    const second = await startSecondGateway(stack, { TRUSTED_PROXIES: "loopback" });
    try {
      const left = await askForToken(second.url, { traceparent: TRACEPARENT.replace(/01$/, "00") });
      const taken = await askForToken(second.url, { traceparent: TRACEPARENT });
      const span = await spanOf(taken.headers.get("x-request-id") ?? "");
      expect(span).toMatchObject({ traceId: ELSEWHERE, parentSpanId: "b7ad6b7169203331" });
      const leftId = left.headers.get("x-request-id") ?? "";
      expect(collector.spans.map(({ facts }) => facts["wharfinger.request_id"])).not.toContain(
        leftId,
      );
    } finally {
      await second.stop();
    }
  });

  test("reach the collector with the header that it wants, and say whose they are", async () => {
    const services = () => new Set(collector.spans.map(({ service }) => service));
    await pushManifest("2.0");
    await eventually("both services have told of something", () => services().size === 2);
    expect(collector.headers.map((headers) => headers["x-collector-key"])).toContain(
      "not for others",
    );
    expect(collector.text()).toContain("deployment.environment.name");
    expect(services()).toEqual(new Set(["gateway", "token-server"]));
  });

  test("hold no credentials, no query and no path of an upload", async () => {
    const alice = registryClient(stack.url, "alice-token");
    const bearer = await alice.token("repository:alpha/traced:pull,push");
    const begun = await fetch(`${stack.url}/v2/alpha/traced/blobs/uploads/`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer}` },
    });
    await spanOf(begun.headers.get("x-request-id") ?? "");
    const sent = collector.text();
    const secrets = ["alice-token", bearer, Buffer.from("oauth2:alice-token").toString("base64")];
    const upload = begun.headers.get("docker-upload-uuid") ?? "";
    expect(upload).not.toBe("");
    for (const secret of [...secrets, upload, "_state", "scope=", "not for others"])
      expect(sent).not.toContain(secret);
  });
});
