import { describe, expect, test } from "@jest/globals";
import { openBooks } from "#tests/chaos/days/books.js";
import { knownImage, knownIndex } from "#tests/chaos/days/images.js";

const ACKNOWLEDGED = { end: "acknowledged", told: "" } as const;
const UNANSWERED = { end: "unanswered", told: "" } as const;
const REFUSED = { end: "refused", told: "409" } as const;
const NAME = "alpha/app:1.0";
const one = knownImage("alpha/app", "1.0", "one");
const other = knownImage("alpha/app", "1.0", "other");

describe("the books of a bad day", () => {
  test("know what nobody pushed", () => {
    const books = openBooks();
    books.begin(one);
    expect(books.wasPushed(NAME, one.digest)).toBe(true);
    expect(books.wasPushed(NAME, other.digest)).toBe(false);
    expect(books.wasPushed("alpha/app:2.0", one.digest)).toBe(false);
  });

  test("notice that a name was acknowledged with two contents", () => {
    const books = openBooks();
    for (const image of [one, one, other]) {
      books.begin(image);
      books.end(image, ACKNOWLEDGED);
    }
    expect(books.flipped).toHaveLength(1);
  });

  test("let a mutable name be acknowledged with two contents, and mean the later", () => {
    const books = openBooks();
    const [first, second] = ["first", "second"].map((content) =>
      knownImage("alpha/app", "1-SNAPSHOT", content),
    );
    for (const image of [first ?? one, second ?? one]) {
      books.begin(image);
      books.end(image, ACKNOWLEDGED);
    }
    expect(books.flipped).toEqual([]);
    expect(books.acknowledged()).toEqual([second]);
  });

  test("have what was not answered made again, until it was acknowledged or refused", () => {
    const books = openBooks();
    for (const image of [one, other]) {
      books.begin(image);
      books.end(image, UNANSWERED);
    }
    expect(books.open()).toEqual([one, other]);
    books.end(one, ACKNOWLEDGED);
    expect(books.open()).toEqual([other]);
    books.end(other, REFUSED);
    expect(books.open()).toEqual([]);
    expect(books.acknowledged()).toEqual([one]);
    expect(books.counts).toEqual({ acknowledged: 1, refused: 1, unavailable: 0, unanswered: 2 });
  });
});

test("an index names images of its own, and both are the same again", () => {
  const index = knownIndex("alpha/app", "1.0", "made");
  expect(index.children).toHaveLength(2);
  for (const { digest } of index.children) expect(index.text).toContain(digest);
  expect(knownIndex("alpha/app", "1.0", "made")).toEqual(index);
});
