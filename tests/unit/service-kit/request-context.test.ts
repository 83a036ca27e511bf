import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import type { Logger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { SILENT } from "#tests/support/ledger.js";
import { answerTo, requestFrom } from "#tests/support/requests.js";

const PROXY = "10.0.0.1";
const CLIENT = "203.0.113.9";
const OURS = /^[\da-f]{8}-[\da-f-]{27}$/;

/** What is known of a request, and what the log said of it until its connection was closed. */
function opened(
  peer: string,
  headers: Record<string, string>,
  told?: { readonly id: string | undefined },
) {
  const lines: Record<string, unknown>[] = [];
  const keep = (line: Record<string, unknown>) => void lines.push(line);
  const isLevelEnabled = () => true;
  const log = { isLevelEnabled, info: keep, warn: keep, error: keep } as unknown as Logger;
  const req = requestFrom(peer, headers);
  const res = answerTo(req);
  const client = clientReader([PROXY], { log: SILENT, now: Date.now });
  const deps = { log, metrics: createMetrics(), client };
  const open = () =>
    openContext(req, res, told === undefined ? deps : { ...deps, requestId: () => told.id });
  let error: unknown = null;
  try {
    open();
  } catch (thrown) {
    error = thrown;
  }
  sendFault(req, res, new Fault("NOT_FOUND"));
  res.emit("close");
  const { requestId, clientRequestId } = contextOf(req);
  return { requestId, clientRequestId, error, lines, header: res.getHeader("x-request-id") };
}

describe("the id of a request", () => {
  test("is new, and what a client offers stands beside it in the log", () => {
    const { requestId, clientRequestId, header, lines } = opened(CLIENT, {
      "x-request-id": "trace-1",
    });
    expect([requestId, header]).toEqual([expect.stringMatching(OURS), requestId]);
    expect(clientRequestId).toBe("trace-1");
    expect(lines.map(({ event }) => event)).toEqual(["request"]);
    for (const line of lines) expect(line).toMatchObject({ requestId, clientRequestId: "trace-1" });
  });

  test("is what a trusted proxy says", () => {
    const { requestId, header, lines } = opened(PROXY, {
      "x-request-id": "trace-1",
      "x-forwarded-for": CLIENT,
    });
    expect([requestId, header]).toEqual(["trace-1", "trace-1"]);
    for (const line of lines) expect(line).not.toHaveProperty("clientRequestId");
  });

  test("is what the gateway has signed, and not what stands beside it", () => {
    const said = opened(CLIENT, { "x-request-id": "other" }, { id: "signed-1" });
    expect(said).toMatchObject({ requestId: "signed-1", clientRequestId: "other" });
    const unsigned = opened(PROXY, { "x-request-id": "other" }, { id: undefined });
    expect(unsigned.requestId).toMatch(OURS);
  });

  test.each(["", "a b", "x".repeat(65), "a;b", "<script>", "a\nb"])(
    "never holds what could do harm, whoever says so: %j",
    (offered) => {
      for (const peer of [CLIENT, PROXY]) {
        const { requestId, clientRequestId } = opened(peer, { "x-request-id": offered });
        expect([requestId, clientRequestId]).toEqual([expect.stringMatching(OURS), null]);
      }
    },
  );

  test("stands in the line of a request, at debug when that only read and succeeded", () => {
    const levelOf = (method: string, status: number) => {
      const levels: string[] = [];
      const log = {
        isLevelEnabled: () => true,
        debug: () => void levels.push("debug"),
        info: () => void levels.push("info"),
        warn: () => void levels.push("warn"),
      } as unknown as Logger;
      const req = requestFrom(CLIENT, {}, method);
      const res = answerTo(req);
      const client = clientReader([], { log: SILENT, now: Date.now });
      openContext(req, res, { log, metrics: createMetrics(), client });
      res.statusCode = status;
      Object.defineProperty(res, "writableFinished", { value: status !== 0 });
      res.emit("close");
      return levels;
    };
    for (const method of ["GET", "HEAD"]) {
      expect([levelOf(method, 200), levelOf(method, 304)]).toEqual([["debug"], ["debug"]]);
      expect([levelOf(method, 404), levelOf(method, 503)]).toEqual([["info"], ["warn"]]);
      expect(levelOf(method, 0)).toEqual(["info"]);
    }
    for (const method of ["PUT", "DELETE"]) expect(levelOf(method, 201)).toEqual(["info"]);
  });

  test("is there also when it cannot be told where a request comes from", () => {
    const { requestId, error } = opened(PROXY, {
      "x-request-id": "trace-1",
      "x-forwarded-proto": "gopher",
    });
    expect(error).toMatchObject({ code: "REQUEST_INVALID" });
    expect(requestId).toMatch(OURS);
  });
});
