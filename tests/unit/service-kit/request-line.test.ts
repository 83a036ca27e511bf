import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { Fault } from "#registry-protocol/faults.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { openContext } from "#service-kit/http/request-context.js";
import type { RequestContext } from "#service-kit/http/request-line.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import { createLogger, type Logger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { spendOn, withRequestAtHand } from "#service-kit/request-at-hand.js";
import { answerTo, requestFrom } from "#tests/support/requests.js";
import { SILENT } from "#tests/support/silent.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

type Sides = Parameters<typeof sendFault>;

type Happened = (context: RequestContext, ...sides: [Sides[0], Sides[1]]) => void;

/** @returns the lines that the log is given of a request, each with its level */
function linesOf(
  happened: Happened,
  headers: Record<string, string> = {},
  method = "GET",
): [level: string, line: Record<string, unknown>][] {
  const lines: [string, Record<string, unknown>][] = [];
  const at = (level: string) => (line: Record<string, unknown>) => void lines.push([level, line]);
  const levels = ["debug", "info", "warn", "error"] as const;
  const writers = Object.fromEntries(levels.map((level) => [level, at(level)]));
  const log = { ...writers, isLevelEnabled: () => true } as unknown as Logger;
  tell(happened, log, headers, method);
  return lines;
}

/** Has a request happen that is told of in a log. */
function tell(
  happened: Happened,
  log: Logger,
  headers: Record<string, string> = {},
  method = "GET",
): void {
  const req = requestFrom("203.0.113.9", headers, method);
  const res = answerTo(req);
  const client = clientReader([], { log: SILENT, now: Date.now });
  const context = openContext(req, res, { log, metrics: createMetrics(), client });
  Object.defineProperty(res, "writableFinished", { value: true });
  happened(context, req, res);
  res.emit("close");
}

describe("the line of a request", () => {
  test("says what it was about, who asked, from where and by which program", () => {
    const headers = { "user-agent": "docker/28.5" };
    const [[level, line] = []] = linesOf(
      (context, _req, res) => {
        context.route = "manifest.put-by-tag";
        context.subject = { repository: "alpha/app", reference: "1.0" };
        context.actor = "alice";
        res.setHeader("Docker-Content-Digest", "sha256:abc");
        res.statusCode = 201;
      },
      headers,
      "PUT",
    );
    expect(level).toBe("info");
    expect(line).toMatchObject({
      ...{ event: "request", method: "PUT", route: "manifest.put-by-tag", status: "201" },
      ...{ repository: "alpha/app", reference: "1.0", digest: "sha256:abc" },
      ...{ actor: "alice", address: "203.0.113.9", userAgent: "docker/28.5" },
    });
    for (const name of ["milliseconds", "bytesIn", "bytesOut"])
      expect(line?.[name]).toEqual(expect.any(Number));
  });

  test("is at debug for what is routine and went well, whatever its method", () => {
    const routine = (status: number) =>
      linesOf(
        (context, _req, res) => {
          context.isRoutine = true;
          res.statusCode = status;
        },
        {},
        "POST",
      )[0]?.[0];
    expect([routine(200), routine(401), routine(503)]).toEqual(["debug", "info", "warn"]);
  });

  test("has the cause of what failed, and is more severe the less it was foreseen", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const failing = (thrown: unknown) => {
      const lines = linesOf((_context, req, res) => {
        sendFault(req, res, thrown);
      });
      expect(lines).toHaveLength(1);
      return lines[0];
    };
    expect(failing(new Fault("NOT_FOUND"))).toMatchObject(["info", { code: "NOT_FOUND" }]);
    expect(failing(new Fault("UNAVAILABLE", { message: "the registry is away", cause }))).toEqual([
      "warn",
      expect.objectContaining({
        code: "UNAVAILABLE",
        reason: "the registry is away",
        err: expect.objectContaining({ code: "ECONNREFUSED" }),
      }),
    ]);
    const [level, line] = failing(new TypeError("a mistake of ours")) ?? [];
    expect(level).toBe("error");
    expect(line).toMatchObject({ err: { name: "TypeError", message: "a mistake of ours" } });
    expect(line).not.toHaveProperty("code");
  });

  test("has type, message, code and stack of the cause as it is written", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "log");
    const file = openSync(path, "w");
    const log = createLogger("a service", "info", file);
    const cause = Object.assign(new TypeError("x".repeat(2_000)), { code: "ECONNREFUSED" });
    tell((_context, req, res) => {
      sendFault(req, res, new Fault("UNAVAILABLE", { message: "away", cause }));
    }, log);
    closeSync(file);
    const line = JSON.parse(readFileSync(path, "utf8")) as object;
    await folder.remove();
    expect(line).toMatchObject({
      ...{ level: "warn", event: "request", status: "503", code: "UNAVAILABLE", reason: "away" },
      err: { type: "TypeError", message: "x".repeat(1_000), code: "ECONNREFUSED" },
    });
    expect(line).toHaveProperty(["err", "stack"], expect.stringContaining("    at "));
    expect(line).not.toHaveProperty("msg");
  });

  test("has every field in the documents, and no other", () => {
    const text = readFileSync(join(REPOSITORY_ROOT, "docs", "operations.md"), "utf8");
    const table = /## Logs[^]*?\n## /.exec(text)?.[0] ?? "";
    const documented = [...table.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, names = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const source = readFileSync(
      join(REPOSITORY_ROOT, "service-kit/src/http/request-line.ts"),
      "utf8",
    );
    const declared = /export interface RequestLine \{([^]*?)\n\}/.exec(source)?.[1] ?? "";
    const fields = [...declared.matchAll(/readonly (\w+)\??:/g)].map(([, name]) => name);
    expect(documented.sort()).toEqual(fields.sort());
  });
});

describe("time that a request spends on others", () => {
  test("is counted for it alone, however much goes on beside it", async () => {
    const waits: ((value: null) => void)[] = [];
    const waiting = () => new Promise<null>((resolve) => waits.push(resolve));
    const lines = await Promise.all(
      (["database", "upstream"] as const).map((on) =>
        withRequestAtHand(async () => {
          const [[, line] = []] = linesOf(() => undefined);
          expect(line).not.toHaveProperty(`${on}Milliseconds`);
          const answered = spendOn(on, waiting());
          const deadline = performance.now() + 5;
          while (performance.now() < deadline);
          for (const answer of waits.splice(0)) answer(null);
          await answered;
          return linesOf(() => undefined)[0]?.[1];
        }),
      ),
    );
    expect(lines[0]).toMatchObject({ databaseMilliseconds: expect.any(Number) });
    expect(lines[0]).not.toHaveProperty("upstreamMilliseconds");
    expect(lines[1]).toMatchObject({ upstreamMilliseconds: expect.any(Number) });
    expect(lines[1]).not.toHaveProperty("databaseMilliseconds");
  });
});
