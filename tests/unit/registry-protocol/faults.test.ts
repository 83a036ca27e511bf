import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { FAULTS, type FaultCode } from "#registry-protocol/fault-catalogue.js";
import {
  asPierOne,
  Fault,
  Hindrance,
  isUnavailable,
  toFaultReply,
} from "#registry-protocol/faults.js";
import { toProblem } from "#registry-protocol/problem.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const CODES = Object.keys(FAULTS) as FaultCode[];

/** Codes of our own REST API, which no registry client ever sees. */
const REST_CODES = ["CONFLICT", "NOT_FOUND"];

/** OCI distribution-spec, "Error Codes": of answers 4xx the code MUST be one of these. */
const SPECIFIED = [
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DENIED",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "SIZE_INVALID",
  "TOOMANYREQUESTS",
  "UNAUTHORIZED",
  "UNSUPPORTED",
];
/** Of the registry's own catalogue, which clients know; nothing is said of answers 5xx. */
const OF_FAILURES = ["UNAVAILABLE", "READ_ONLY", "UNKNOWN"];

describe("faults", () => {
  test.each(CODES)("%s is answered with a code that clients know", (code) => {
    const { status, body } = toFaultReply(new Fault(code), "r1");
    expect(status).toBe(FAULTS[code].status);
    expect(status).toBeGreaterThanOrEqual(400);
    const known = status < 500 ? [...SPECIFIED, ...REST_CODES] : OF_FAILURES;
    expect(known).toContain(body.errors[0]?.code);
    expect(body.errors[0]?.message).toBe(FAULTS[code].message);
  });

  test("whatever passes by itself says when to try again", () => {
    const passing = CODES.filter((code) => [408, 429, 503].includes(FAULTS[code].status));
    for (const code of passing.filter((name) => name !== "REQUEST_TIMEOUT"))
      expect(toFaultReply(new Fault(code), "r1").headers["Retry-After"]).toMatch(/^[1-9]\d*$/);
  });

  test("a fault may bring its own message, detail and headers", () => {
    const fault = new Fault("TAG_HELD", {
      message: "held",
      detail: { digest: "d" },
      headers: { Allow: "GET" },
    });
    expect(toFaultReply(fault, "r1")).toEqual({
      status: 409,
      summary: "tag already exists",
      headers: { Allow: "GET" },
      body: { errors: [{ code: "DENIED", message: "held", detail: { digest: "d" } }] },
    });
  });

  test("what the rules for tags refuse has Pier One's code when that is wanted, and says the same", () => {
    const options = { message: "held", detail: { digest: "d" }, headers: { Allow: "GET" } };
    for (const code of ["TAG_HELD", "TAG_DELETED", "TAG_FORBIDDEN"] as const) {
      const fault = new Fault(code, options);
      const { body, ...rest } = toFaultReply(asPierOne(fault), "r1");
      expect(body.errors).toEqual([
        { code: "TAG_INVALID", message: "held", detail: { digest: "d" } },
      ]);
      const { status, summary, headers } = toFaultReply(fault, "r1");
      expect(rest).toEqual({ status, summary, headers });
    }
    for (const other of [new Fault("DENIED"), new Error("x"), null])
      expect(asPierOne(other)).toBe(other);
  });

  test("what a client reads of a push that can never succeed is no code that makes containers/image push again", () => {
    const repeated = CODES.filter(
      (code) =>
        [409, 412, 413].includes(FAULTS[code].status) &&
        ["TAG_INVALID", "MANIFEST_INVALID", "UNSUPPORTED"].includes(FAULTS[code].wire),
    );
    expect(repeated).toEqual([]);
  });

  test("of an unexpected error nothing is shown but the request id", () => {
    const reply = toFaultReply(new Error("password is hunter2"), "request-7");
    expect(reply.status).toBe(500);
    expect(reply.body.errors[0]?.code).toBe("UNKNOWN");
    expect(JSON.stringify(reply)).not.toContain("hunter2");
    expect(JSON.stringify(reply)).toContain("request-7");
  });

  test("the cause of a fault is never shown", () => {
    const fault = new Fault("UNAVAILABLE", { cause: new Error("connect ECONNREFUSED db:5432") });
    expect(JSON.stringify(toFaultReply(fault, "r1"))).not.toContain("db:5432");
  });

  test("why nothing can be decided is said where everybody may read it, and nowhere else", () => {
    const cause = new Hindrance("the clocks differ");
    expect(new Fault("UNAVAILABLE", { message: "no", cause }).message).toBe(
      "no: the clocks differ",
    );
    expect(new Fault("DENIED", { message: "no", cause }).message).toBe("no");
  });

  test("the REST API tells the same as a problem, and of what is unexpected the request id alone", () => {
    expect(toProblem(new Fault("DENIED", { message: "no" }), "r1")).toMatchObject({
      ...{ type: "urn:wharfinger:error:DENIED", status: FAULTS.DENIED.status, detail: "no" },
    });
    expect(toProblem(new Error("hunter2"), "r1")).toMatchObject({
      ...{ type: "urn:wharfinger:error:UNKNOWN", status: 500, requestId: "r1" },
    });
  });

  test("what is away for the moment is told from all else", () => {
    expect(isUnavailable(new Fault("UNAVAILABLE"))).toBe(true);
    expect(isUnavailable(new Fault("DENIED"))).toBe(false);
    expect(isUnavailable({ code: "UNAVAILABLE" })).toBe(false);
  });

  test("whatever else is thrown becomes an internal error", () => {
    for (const thrown of [undefined, null, "text", 7, { code: "DENIED", status: 403 }])
      expect(toFaultReply(thrown, "r1").status).toBe(500);
  });

  test("docs/errors.md explains every fault as it is answered, and no other", () => {
    const documented = readFileSync(`${REPOSITORY_ROOT}/docs/errors.md`, "utf8")
      .split("\n")
      .map((line) => /^\| `(\w+)` +\| (\d+) +\| `(\w+)` +\|/.exec(line))
      .filter((row) => row !== null)
      .map(([, code, status, wire]) => [code, Number(status), wire]);
    expect(documented).toEqual(CODES.map((code) => [code, FAULTS[code].status, FAULTS[code].wire]));
  });
});
