import { expect, test } from "@jest/globals";
import { parseListPage } from "#gateway/stored-files/list-page.js";

const page = (inner: string) =>
  `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`;

test("a page of a bucket's list has its keys as they are called, and says how it goes on", () => {
  const keys = "<Contents><Key>a/b%2Bc%20d</Key></Contents><Contents><Key>e+f%26</Key></Contents>";
  const end = `<IsTruncated>false</IsTruncated>${keys}`;
  const encoded = page(`<EncodingType>url</EncodingType>${end}`);
  expect(parseListPage(encoded)).toEqual({ keys: ["a/b+c d", "e f&"], next: null });
  expect(parseListPage(page(end)).keys).toEqual(["a/b%2Bc%20d", "e+f%26"]);
  const more = `<IsTruncated>true</IsTruncated><NextContinuationToken>1&amp;lt;</NextContinuationToken>`;
  expect(parseListPage(page(more))).toEqual({ keys: [], next: "1&lt;" });
});

test.each([
  ["something else", "<html></html>"],
  ["an error", "<Error><Code>SlowDown</Code></Error>"],
  ["one that says not whether it ends", page("<Key>a</Key>")],
  ["one that goes on, and says not how", page("<IsTruncated>true</IsTruncated>")],
])("%s is no page of a list: nothing is taken for its end", (_what, xml) => {
  expect(() => parseListPage(xml)).toThrow(/bucket's list/);
});
