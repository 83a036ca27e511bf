import { expect, test } from "@jest/globals";
import { headerText } from "#service-kit/http/header-text.js";

test.each([
  ["Jürgens Werkzeug/1.0 (東京)", "utf8"],
  ["docker/28.2", "utf8"],
  ["J\u00fcrgen", "latin1"],
  ["", "utf8"],
] as const)("a header is read as it was written: %s, %s", (text, encoding) => {
  expect(headerText(Buffer.from(text, encoding).toString("latin1"))).toBe(text);
});
