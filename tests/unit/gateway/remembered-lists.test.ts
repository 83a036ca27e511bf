import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  rememberedLists,
  type ListPage,
  type RememberedLists,
} from "#gateway/ledger/remembered-lists.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";

const APP = parseRepositoryName("alpha/app");
const OTHER = parseRepositoryName("alpha/other");
const PAGE = "100 ";

let now: number;
let lists: RememberedLists;
/** What the ledger says, and how often it was asked. */
let said: ListPage | null;
let asked: number;

beforeEach(() => {
  [now, asked] = [0, 0];
  said = page("a");
  lists = rememberedLists({ bytes: 100_000, now: () => now, freshMilliseconds: 1_000 });
});

const page = (text: string): ListPage => ({ body: Buffer.from(text), link: null });
const read = () => {
  asked += 1;
  return Promise.resolve(said);
};
const find = () => lists.find(APP, PAGE, read);
const textOf = (found: ListPage | null) => found?.body.toString() ?? null;
const remembered = () => textOf(lists.inMemory(APP, PAGE));

describe("a page that the ledger said", () => {
  test("is remembered, for a second after it was asked", async () => {
    await find();
    now = 999;
    expect(remembered()).toBe("a");
    now = 1_000;
    expect(remembered()).toBeNull();
  });

  test("is forgotten as soon as anything is told of a tag of its repository", async () => {
    await find();
    lists.told(APP);
    expect(remembered()).toBeNull();
  });

  test("stays when something is told of another repository", async () => {
    await find();
    lists.told(OTHER);
    expect(remembered()).toBe("a");
  });

  test("is forgotten when something may not have been told", async () => {
    await find();
    lists.missed();
    expect(remembered()).toBeNull();
  });

  test("is that repository's and that page's alone", async () => {
    await find();
    expect(lists.inMemory(OTHER, PAGE)).toBeNull();
    expect(lists.inMemory(APP, "100 a")).toBeNull();
  });
});

describe("a page that was asked for before something was told", () => {
  test("is not remembered, nor given to those who ask after that", async () => {
    let answer: (found: ListPage) => void = () => undefined;
    const early = lists.find(APP, PAGE, () => new Promise((resolve) => (answer = resolve)));
    lists.told(APP);
    said = page("b");
    expect(textOf(await find())).toBe("b");
    answer(page("a"));
    expect(textOf(await early)).toBe("a");
    expect(remembered()).toBe("b");
  });
});

describe("the ledger", () => {
  test("is asked by one of those who want a page at the same time", async () => {
    const found = await Promise.all([find(), find(), find()]);
    expect(found.map(textOf)).toEqual(["a", "a", "a"]);
    expect(asked).toBe(1);
  });

  test("is asked again by whoever comes when it has not answered for a second", async () => {
    void lists.find(APP, PAGE, () => new Promise(() => undefined));
    now = 1_000;
    expect(textOf(await find())).toBe("a");
  });

  test("is asked again after it could not say", async () => {
    said = null;
    expect(await find()).toBeNull();
    said = page("b");
    expect(textOf(await find())).toBe("b");
    expect(asked).toBe(2);
  });

  test("is asked again after it failed", async () => {
    await expect(lists.find(APP, PAGE, () => Promise.reject(new Error("away")))).rejects.toThrow();
    expect(textOf(await find())).toBe("a");
  });
});

describe("memory", () => {
  test("holds no more than it may", async () => {
    for (let i = 0; i < 1_000; i += 1)
      await lists.find(APP, `page ${i}`, () => Promise.resolve(page("x".repeat(1_000))));
    const kept = Array.from({ length: 1_000 }, (_, i) => lists.inMemory(APP, `page ${i}`));
    const bytes = kept.reduce((sum, one) => sum + (one?.body.length ?? 0), 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
  });

  test("is no place for a page that would take most of it", async () => {
    said = page("x".repeat(50_000));
    expect(textOf(await find())).toHaveLength(50_000);
    expect(remembered()).toBeNull();
  });
});
