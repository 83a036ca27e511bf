import { describe, expect, test } from "@jest/globals";
import type { ExchangeOf } from "#gateway/proxy/exchange.js";
import { registryCatalog } from "#gateway/proxy/registry-catalog.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { ALL } from "#tests/support/views.js";

interface Page {
  readonly status?: number;
  readonly body: unknown;
  readonly hasMore?: boolean;
}

const exchange = {
  caller: { subject: "alice" },
  context: { client: { address: "203.0.113.9" }, requestId: "1" },
} as ExchangeOf<"catalog">;

/** @returns the catalog of a registry that gives out these pages, and what it was asked for */
function catalogOf(pages: readonly (Page | Error)[], { after = "", limit = 10 } = {}) {
  const asked: string[] = [];
  const listRepositories = (query: string) => {
    const page = pages[asked.length];
    asked.push(new URLSearchParams(query).get("last") ?? "");
    if (page === undefined) throw new Error("it is asked too often");
    if (page instanceof Error) return Promise.reject(page);
    const { status = 200, body, hasMore = false } = page;
    const headers = new Headers(hasMore ? { link: "</v2/_catalog>" } : {});
    const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    return Promise.resolve({ status, headers, body: bytes });
  };
  const found = registryCatalog({ listRepositories }, exchange, { after, limit, view: ALL });
  return { asked, found };
}

const names = (...repositories: string[]) => ({ repositories });

describe("the registry's own catalog", () => {
  test("is read page by page until there is enough, and without the repository that marks the storage", async () => {
    const pages = [
      { body: names("alpha/app", MARKER.repository), hasMore: true },
      { body: names("beta/app", "beta/shop"), hasMore: true },
    ];
    const { asked, found } = catalogOf(pages, { after: "a", limit: 2 });
    expect(await found).toEqual(["alpha/app", "beta/app"]);
    expect(asked).toEqual(["a", MARKER.repository]);
  });

  test("ends where the registry names nothing more", async () => {
    expect(await catalogOf([{ body: names("alpha/app") }]).found).toEqual(["alpha/app"]);
    expect(await catalogOf([{ body: { repositories: null }, hasMore: true }]).found).toEqual([]);
  });

  test.each([
    ["goes round in circles", [{ body: names("alpha/app"), hasMore: true }, { body: names("alpha/app"), hasMore: true }], "no end"], // prettier-ignore
    ["answers with an error", [{ status: 404, body: names("alpha/app") }], "answered 404"],
    ["answers with something else", [{ body: { repositories: "all" } }], "cannot be read"],
    ["answers with no JSON", [{ body: "<html>" }], "cannot be read"],
    ["does not answer", [new Error("reset")], "did not answer"],
  ])("cannot be told where the registry %s", async (_what, pages, why) => {
    await expect(catalogOf(pages).found).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(why),
    });
  });
});
