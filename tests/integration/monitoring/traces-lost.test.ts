import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Logger } from "#service-kit/log.js";
import { partsOf } from "#service-kit/run-until-signal.js";
import { Secret } from "#service-kit/secret.js";
import type { Traces } from "#service-kit/trace.js";
import { openTraces } from "#service-kit/tracing/open-traces.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

const CONFIG = { headers: new Secret("x-key=secret"), sampler: "always_on", ratio: 1 } as const;
const SERVICE = { name: "gateway", database: "wharfinger" };

const warned: Record<string, unknown>[] = [];
const log = {
  warn: (line: Record<string, unknown>) => void warned.push(line),
} as unknown as Logger;

let [server, status]: [TestServer | null, number] = [null, 200];
beforeEach(async () => {
  warned.length = 0;
  server = await listening(
    createServer((req, res) => {
      req.resume().once("end", () => res.writeHead(status).end());
    }),
  );
});
afterEach(() => server?.stop());

const open = (url: string) => openTraces({ ...CONFIG, url }, SERVICE, log);

function oneRequest(traces: Traces | null): void {
  const facts = { "http.request.method": "GET" };
  const request = traces?.begin({ headers: {}, isTrusted: false, facts });
  request?.begin({ kind: "internal", name: "part", facts: {} }).end({});
  request?.end({ name: "GET token" });
}

describe("a collector that does not take traces", () => {
  test("is told of in the log, with how many spans were lost, and without the key that it wants", async () => {
    status = 403;
    const opened = await open(`${server?.url ?? ""}/v1/traces`);
    oneRequest(opened.traces);
    for (const part of partsOf([opened])) await part.stop();
    expect(warned).toMatchObject([{ event: "traces.lost", spans: 2 }]);
    expect(JSON.stringify(warned)).not.toContain("secret");
  });

  test("and one that does is not", async () => {
    status = 200;
    const opened = await open(`${server?.url ?? ""}/v1/traces`);
    oneRequest(opened.traces);
    for (const part of partsOf([opened])) await part.stop();
    expect(warned).toEqual([]);
  });

  test("keeps no process from its end when it is silent", async () => {
    const silent = await listening(createServer(() => undefined));
    const opened = await open(`${silent.url}/v1/traces`);
    oneRequest(opened.traces);
    const since = performance.now();
    for (const part of partsOf([opened])) await part.stop();
    expect(warned).toMatchObject([{ event: "traces.lost" }]);
    // Two seconds, not the ten that a collector may take.
    expect(performance.now() - since).toBeLessThan(8_000);
    await silent.stop();
  });
});
