import { expect, test } from "@jest/globals";
import type { Request, Response } from "express";
import { SYSTEM } from "#audit-log/entry.js";
import type { Implementation } from "#gateway/api/implement.js";
import { restRoutes, type RestDeps } from "#gateway/api/rest-routes.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { openedRequest } from "#tests/support/requests.js";
import { ALL } from "#tests/support/views.js";

/** @returns what is told of administrators' reads when this is asked for */
async function administeredBy(method: string, url: string, body?: object): Promise<string[]> {
  const told: string[] = [];
  const deps: RestDeps = {
    identify: () => Promise.resolve({ actor: SYSTEM, view: ALL, validUntil: null }),
    limit: { count: () => undefined },
    administered: ({ operation }) => told.push(operation),
    sealer: { seal: () => "", open: () => null },
  };
  const ours = OPERATIONS.filter(({ by }) => by === "gateway");
  const all: Implementation[] = ours.map((operation) => ({
    operation,
    answer: () => Promise.resolve({ body: {} }),
  }));
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": String(text.length) };
  const { req, res } = openedRequest(body === undefined ? {} : headers, { method, url });
  req.push(text);
  req.push(null);
  req.complete = true;
  const next = () => told.push("next");
  await restRoutes(deps, all)(req as Request, res as Response, next);
  return told;
}

test("what administrators look at is told of; what they change has an entry of its own, and what anybody reads is nobody's affair", async () => {
  expect(await administeredBy("GET", "/api/v1/audit")).toEqual(["audit.list"]);
  expect(await administeredBy("GET", "/api/v1/repositories")).toEqual([]);
  const change = { change: "skip", sink: "webhook", repository: "alpha/app" };
  expect(await administeredBy("POST", "/api/v1/outbox", change)).toEqual([]);
  expect(await administeredBy("GET", "/api/v1/nothing")).toEqual(["next"]);
});
