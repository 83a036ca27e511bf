import { describe, expect, test } from "@jest/globals";
import { askOneOf } from "#gateway/proxy/ask-one-of.js";
import { knownKeys } from "#gateway/proxy/known-keys.js";

const URLS = ["http://one.example.org/", "http://two.example.org/"].map((url) => new URL(url));
const OPTIONS = {
  ...{ maxAgeSeconds: 1, now: () => 0, onTime: () => undefined, introduce: () => ({}) },
};

describe("one of several token servers", () => {
  const asked = async (urls: readonly URL[], ...answers: (number | Error)[]) => {
    const heard: string[] = [];
    const { answer } = await askOneOf(urls, ({ hostname }) => {
      const said = answers[heard.push(hostname) - 1] ?? 500;
      return said instanceof Error
        ? Promise.reject(said)
        : Promise.resolve(new Response(null, { status: said }));
    });
    return [answer.status, ...heard];
  };

  test("answers, and the next one where it does not", async () => {
    expect(await asked(URLS, 200)).toEqual([200, "one.example.org"]);
    expect(await asked(URLS, 503, 200)).toEqual([200, "one.example.org", "two.example.org"]);
    expect(await asked(URLS, new Error("away"), 200)).toEqual([
      ...[200, "one.example.org", "two.example.org"],
    ]);
  });

  test("says in the end what the last one said", async () => {
    expect(await asked(URLS, 503, 404)).toEqual([404, "one.example.org", "two.example.org"]);
    await expect(asked(URLS, 503, new Error("away"))).rejects.toThrow("away");
    expect(await asked(URLS.slice(0, 1), 503)).toEqual([503, "one.example.org"]);
  });

  test("has to be there", async () => {
    await expect(asked([])).rejects.toThrow(new TypeError("no token server"));
    expect(() => knownKeys([], OPTIONS)).toThrow(new TypeError("no token server"));
  });
});

describe("keys that were never told", () => {
  test("are none, and none is too old", () => {
    const keys = knownKeys(URLS, OPTIONS);
    expect([keys.had(), keys.has("1")]).toEqual([false, false]);
  });
});
