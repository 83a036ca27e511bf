import { describe, expect, test } from "@jest/globals";
import { targetTemplate } from "#gateway/upstream/target-template.js";
import { ConfigError, envReader } from "#service-kit/config.js";
import { statementPart } from "#service-kit/db/statement-part.js";
import { answerOutcome, askingPart } from "#service-kit/http/asking-part.js";
import {
  beginPart,
  requestAtHand,
  shownAs,
  withRequestAtHand,
} from "#service-kit/request-at-hand.js";
import type { Part, PartOutcome } from "#service-kit/trace.js";
import { readTracing, type TracingConfig } from "#service-kit/tracing/config.js";
import { openTraces } from "#service-kit/tracing/open-traces.js";
import { SILENT } from "#tests/support/silent.js";
import { resolveImport, sourceFiles } from "#tests/support/source-tree.js";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" };

function read(env: NodeJS.ProcessEnv): TracingConfig | null {
  const reader = envReader(env);
  const config = readTracing(reader);
  reader.throwIfFaulty();
  return config;
}

describe("the settings of traces", () => {
  test("are off without a collector, whatever else is set", () => {
    expect(read({})).toBeNull();
    expect(read({ OTEL_TRACES_SAMPLER: "always_on" })).toBeNull();
  });

  test("name the path that the specification has below the collector", () => {
    expect(read(ENDPOINT)).toMatchObject({
      url: "http://collector:4318/v1/traces",
      sampler: "parentbased_always_on",
      ratio: 1,
    });
  });

  test.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://somebody:secret@collector:4318" },
    { OTEL_TRACES_SAMPLER: "sometimes" },
    { OTEL_TRACES_SAMPLER_ARG: "1.5" },
    { OTEL_TRACES_SAMPLER_ARG: "-0.5" },
    { OTEL_TRACES_SAMPLER_ARG: "half" },
    { OTEL_EXPORTER_OTLP_HEADERS: "Authorization: Bearer abcdefgh" },
  ])("are refused when they are wrong, by name and without a secret: %j", (wrong) => {
    const fault = () => read({ ...ENDPOINT, ...wrong });
    expect(fault).toThrow(ConfigError);
    expect(fault).toThrow(Object.keys(wrong)[0]);
    expect(fault).not.toThrow(/abcdefgh|somebody/);
  });

  test.each(["a=b", "api-key=a%20b,other=1", "authorization=Basic%20eDp5"])(
    "take headers as the specification writes them: %s",
    (headers) => {
      const config = read({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: headers });
      expect(config?.headers?.reveal()).toBe(headers);
    },
  );
});

describe("without a collector", () => {
  test("nothing of the SDK is loaded, and nothing is described", async () => {
    const opened = await openTraces(null, { name: "gateway", database: "x" }, SILENT);
    expect(opened).toEqual({ traces: null, parts: [] });
    const described: string[] = [];
    withRequestAtHand(() => {
      const part = beginPart(() => {
        described.push("part");
        return { kind: "internal", name: "part", facts: {} };
      });
      expect(part).toBeNull();
    });
    expect(described).toEqual([]);
  });

  test("an answer is the same promise", () => {
    const answer = Promise.resolve(1);
    expect(shownAs(null, answer)).toBe(answer);
  });

  test("no file leads to the SDK but one that is imported when it is needed", () => {
    const files = sourceFiles(["gateway/src", "token-server/src", "service-kit/src"]);
    const users = files.filter(({ text }) => text.includes('from "@opentelemetry/'));
    const paths = users.map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((path) => !path.startsWith("service-kit/src/tracing/"))).toEqual([]);
    const importers = files.filter(
      (file) =>
        !paths.includes(file.path) &&
        file.imports.some((name) => paths.includes(resolveImport(file, name) ?? "")),
    );
    expect(importers.map(({ path }) => path)).toEqual(["service-kit/src/tracing/open-traces.ts"]);
    expect(importers[0]?.text).toContain('await import("./otlp-traces.js")');
    expect(importers[0]?.text).not.toMatch(/^import .*otlp-traces/m);
  });
});

describe("a part of a request", () => {
  const shown = async (answer: Promise<number>, facts?: (value: number) => PartOutcome) => {
    const outcomes: PartOutcome[] = [];
    const begin = ({ name }: Part) => ({
      headers: { traceparent: name },
      end: (outcome: PartOutcome) => void outcomes.push(outcome),
    });
    const failure = await withRequestAtHand(async () => {
      const request = requestAtHand();
      if (request !== null) request.trace = { traceId: null, begin, end: () => undefined };
      const part = beginPart(() => ({ kind: "internal", name: "asked", facts: {} }));
      expect(part?.headers).toEqual({ traceparent: "asked" });
      return shownAs(part, answer, facts).then(
        () => null,
        (error: unknown) => error,
      );
    });
    return { outcomes, failure };
  };

  test("ends with what is waited for, and says what came of it", async () => {
    const { outcomes } = await shown(Promise.resolve(7), (value) => ({ facts: { value } }));
    expect(outcomes).toEqual([{ facts: { value: 7 } }]);
  });

  test("ends with the kind of a failure, never with its text, and the failure goes on", async () => {
    const error = Object.assign(new Error("Bearer secret"), { code: "ECONNRESET" });
    const { outcomes, failure } = await shown(Promise.reject(error));
    expect([outcomes, failure]).toEqual([[{ error: "ECONNRESET" }], error]);
    const other = await shown(Promise.reject(new TypeError("secret")));
    expect(other.outcomes).toEqual([{ error: "TypeError" }]);
  });
});

describe("what is shown of a statement", () => {
  test.each([
    ["select digest from ledger.tag where tag = $1", "SELECT ledger.tag", "SELECT"],
    ["insert into audit.entry (a) values ($1)", "INSERT audit.entry", "INSERT"],
    ["update ledger.tag set digest = $1", "UPDATE ledger.tag", "UPDATE"],
    ["-- why\n with x as (select 1) select from x", "WITH x", "WITH"],
    ["commit", "COMMIT", "COMMIT"],
  ])("is what it does and to what: %s", (sql, summary, operation) => {
    expect(statementPart(sql)).toMatchObject({
      kind: "database",
      name: summary,
      facts: { "db.query.summary": summary, "db.operation.name": operation },
    });
  });

  test("is its name where it has one", () => {
    expect(statementPart("select 1", "reserve tag").name).toBe("reserve tag");
  });
});

describe("what is shown of a question to somebody else", () => {
  test.each([
    ["/v2/", "/v2/"],
    ["/v2/alpha/app/manifests/1.0", "/v2/{name}/manifests/{reference}"],
    ["/v2/alpha/app/blobs/sha256:abc", "/v2/{name}/blobs/{digest}"],
    ["/v2/alpha/app/blobs/uploads/", "/v2/{name}/blobs/uploads/{session}"],
    ["/v2/alpha/app/blobs/uploads/42?_state=secret", "/v2/{name}/blobs/uploads/{session}"],
    ["/v2/alpha/manifests/tags/list?n=5", "/v2/{name}/tags/list"],
    ["/v2/_catalog?n=5", "/v2/_catalog"],
    ["/token?scope=a", "/token"],
    ["/api/robots/alpha", "/api/{path}"],
  ])("is the form of its path: %s", (target, template) => {
    expect(targetTemplate(target)).toBe(template);
  });

  test("is nothing of a path where that may hold anything", () => {
    const part = askingPart("GET", new URL("https://tokens.example.org/info?access_token=secret"));
    expect(JSON.stringify(part)).not.toContain("secret");
    expect(part).toMatchObject({
      name: "GET",
      facts: { "server.address": "tokens.example.org", "server.port": 443 },
    });
  });

  test("is an error where the server failed, and none where it said no", () => {
    expect(answerOutcome({ statusCode: 503 }).error).toBe("503");
    expect(answerOutcome({ statusCode: 404 }).error).toBeUndefined();
  });
});
