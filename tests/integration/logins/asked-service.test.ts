import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { askedService, type AskService } from "#token-server/identity/safeguards/asked-service.js";
import { jsonService, type JsonService } from "./support/json-service.js";
import { faultOf } from "./support/logins.js";

const UNAVAILABLE = "UNAVAILABLE: it is unavailable, try again";
const QUESTIONS = 20;
/** After so many the breaker is open. */
const BORNE = 5;

let service: JsonService;
beforeEach(async () => {
  service = await jsonService(() => ({ status: 200, body: {} }));
});
afterEach(() => service.stop());

const asking = (asksTheSame = false) =>
  askedService({ name: "it", timeoutMilliseconds: 2_000, asksTheSame, now: () => 0 });
const askAll = async (ask: AskService) => {
  const outcomes = [];
  for (let n = 0; n < QUESTIONS; n += 1)
    outcomes.push(await faultOf(ask(new URL(`${service.url}/?token=${n}`))));
  return outcomes;
};

describe("of a service that is asked about one credential after the other", () => {
  test.each([500, 302])("an answer of %d is about that one: others are asked", async (status) => {
    service.answer = () => ({ status, body: {} });
    expect(await askAll(asking())).toEqual(Array(QUESTIONS).fill(UNAVAILABLE));
    expect(service.asked).toHaveLength(QUESTIONS);
  });

  test.each([502, 503, 504])("an answer of %d opens the breaker, for all", async (status) => {
    service.answer = () => ({ status, body: {} });
    expect(await askAll(asking())).toEqual(Array(QUESTIONS).fill(UNAVAILABLE));
    expect(service.asked).toHaveLength(BORNE);
  });

  test("404 is an answer", async () => {
    service.answer = () => ({ status: 404, body: {} });
    await expect(asking()(new URL(service.url))).resolves.toMatchObject({ status: 404 });
  });

  test("no answer at all opens the breaker", async () => {
    service.answer = () => "silence";
    const ask = askedService({ name: "it", timeoutMilliseconds: 50, now: () => 0 });
    expect(await askAll(ask)).toEqual(Array(QUESTIONS).fill(UNAVAILABLE));
    expect(service.asked).toHaveLength(BORNE);
  });
});

test("of a service that is always asked the same, every answer but 200 is a fault of its own", async () => {
  service.answer = () => ({ status: 404, body: {} });
  expect(await askAll(asking(true))).toEqual(Array(QUESTIONS).fill(UNAVAILABLE));
  expect(service.asked).toHaveLength(BORNE);
});
