import { describe, expect, test } from "@jest/globals";
import { formatReference, inPath, parseReference } from "../../../cli/src/api/reference.js";
import { parseUrl } from "../../../cli/src/api/client.js";
import { nearest } from "../../../cli/src/config/nearest.js";

const HOST = "127.0.0.1:8080";
const DIGEST = `sha256:${"0".repeat(64)}`;

describe("a reference", () => {
  test.each([
    [["alpha/app"], { repository: "alpha/app", tag: null, digest: null }],
    [["alpha/app:1.0"], { repository: "alpha/app", tag: "1.0", digest: null }],
    [["alpha", "app"], { repository: "alpha/app", tag: null, digest: null }],
    [["alpha", "app/sub", "1.0"], { repository: "alpha/app/sub", tag: "1.0", digest: null }],
    [[`${HOST}/alpha/app:1.0`], { repository: "alpha/app", tag: "1.0", digest: null }],
    [[`alpha/app@${DIGEST}`], { repository: "alpha/app", tag: null, digest: DIGEST }],
    [[`my.team/app`], { repository: "my.team/app", tag: null, digest: null }],
  ])("%j is understood", (words, meant) => {
    expect(parseReference(words, HOST)).toEqual(meant);
  });

  test.each([
    [["Alpha/App"], "names no repository"],
    [["alpha/app:"], "is no tag"],
    [["alpha/app@sha256:12"], "is no digest"],
    [["other.example:5000/alpha/app"], "another registry"],
    [["a/../app"], "names no repository"],
    [["alpha/app?x=1"], "names no repository"],
  ])("%j is refused", (words, why) => {
    expect(() => parseReference(words, HOST)).toThrow(why);
  });

  test("is written as it was read", () => {
    const text = `alpha/app:1.0@${DIGEST}`;
    expect(formatReference(parseReference([text], HOST))).toBe(text);
  });

  test("says in paths where its name ends", () => {
    expect(inPath("alpha/tags/app")).toBe("alpha/tags/app/-");
  });
});

describe("a URL", () => {
  test.each([
    ["registry.example.org", "https://registry.example.org"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["localhost:8080/", "http://localhost:8080"],
    ["http://registry.example.org/", "http://registry.example.org"],
  ])("%s means %s", (text, url) => {
    expect(parseUrl(text)).toBe(url);
  });

  test.each(["ftp://x", "https://", "https://user:secret@registry.example.org", "a b"])(
    "%s is refused, and a password in it not repeated",
    (text) => {
      expect(() => parseUrl(text)).toThrow(/^(?!.*secret)/);
    },
  );
});

test("the nearest word is named, and none that is far", () => {
  const words = ["table", "json", "tsv", "yaml"];
  expect(nearest("jsno", words)).toBe("json");
  expect(nearest("yml", words)).toBe("yaml");
  expect(nearest("xml-file", words)).toBeNull();
});
