import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { entryListener, type Routed } from "#service-kit/http/entry.js";
import { openContext } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { createMetrics } from "#service-kit/metrics.js";
import { ask } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";

describe("the entry of a listener", () => {
  let server: Server | null = null;
  afterEach(() => void server?.close());

  const started = async (parts: readonly Routed[]) => {
    const client = clientReader([], { log: SILENT, now: Date.now });
    const context = { log: SILENT, metrics: createMetrics(), client };
    const enter = (...[req, res]: Parameters<NonNullable<Routed["direct"]>>) => {
      openContext(req, res, context);
      if (req.url === "/refused") throw new Fault("CROSS_SITE");
      return true;
    };
    server = createServer(entryListener(enter, parts));
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const seen: string[] = [];
  const part: Routed = {
    direct: (req, res) => {
      if (req.url === "/broken") throw new Fault("UNAVAILABLE");
      if (req.url !== "/direct") return false;
      seen.push(Object.hasOwn(req, "next") ? "routed" : "direct");
      sendJson(res, 200, {});
      return true;
    },
    routes: [
      (req, res, next) => {
        if (req.url !== "/routed") {
          next();
          return;
        }
        sendJson(res, 200, {});
      },
    ],
  };

  test("asks direct routes before any router, and routers for the rest", async () => {
    const url = await started([part]);
    expect((await ask(url, "/direct")).status).toBe(200);
    expect(seen).toEqual(["direct"]);
    expect((await ask(url, "/routed")).status).toBe(200);
    expect((await ask(url, "/neither")).status).toBe(404);
  });

  test("answers what a direct route throws, and lets nothing pass that may not enter", async () => {
    const url = await started([
      part,
      {
        direct: (req) => {
          seen.push(req.url);
          return false;
        },
        routes: [],
      },
    ]);
    expect((await ask(url, "/broken")).status).toBe(503);
    seen.length = 0;
    expect((await ask(url, "/refused")).status).toBe(403);
    expect(seen).toEqual([]);
  });
});
