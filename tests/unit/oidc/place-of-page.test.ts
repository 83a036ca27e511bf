import { expect, test } from "@jest/globals";
import { placeOfPage } from "#gateway/oidc/place-of-page.js";

test.each([
  ["", "/ui/"],
  ["robots?team=alpha", "/ui/robots?team=alpha"],
  ["repositories/alpha/app/-/tags/1%2B2", "/ui/repositories/alpha/app/-/tags/1%2B2"],
  ["robots#there", "/ui/robots"],
  ["x/../robots", "/ui/robots"],
])("%j is a place of the page", (to, place) => {
  expect(placeOfPage(to)).toBe(place);
});

test.each([
  ["../api/v1/session"],
  ["..\\..\\api"],
  ["%2e%2e/api"],
  ["..\t/api"],
  [`x?${"y".repeat(1_000)}`],
])("%j is none, and leads to its beginning", (to) => {
  expect(placeOfPage(to)).toBe("/ui/");
});

test.each([["//elsewhere.example/"], ["/\\elsewhere.example"], ["https://elsewhere.example/"]])(
  "%j leads to no other origin",
  (to) => {
    expect(new URL(placeOfPage(to), "http://here.example").origin).toBe("http://here.example");
  },
);
