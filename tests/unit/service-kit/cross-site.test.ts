import { IncomingMessage, type IncomingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import {
  isFromBrowser,
  refuseCrossSite,
  refuseOtherThanJson,
} from "#service-kit/http/cross-site.js";

const OURS = "https://registry.example";
const request = (method: string, headers: IncomingHttpHeaders) =>
  Object.assign(new IncomingMessage(new Socket()), { method, headers });

describe("a request that would change something", () => {
  const asked = (method: string, headers: IncomingHttpHeaders, ours: string | null = OURS) => {
    return () => {
      refuseCrossSite(request(method, headers), () => ours);
    };
  };

  test.each<IncomingHttpHeaders>([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `${OURS}.evil.example`, "sec-fetch-site": "same-origin" },
  ])("is refused from another site: %j", (headers) => {
    expect(asked("POST", headers)).toThrow(expect.objectContaining({ code: "CROSS_SITE" }));
    expect(asked("GET", headers)).not.toThrow();
  });

  test.each<IncomingHttpHeaders>([
    {},
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { origin: OURS, "sec-fetch-site": "same-origin" },
  ])("passes from our own pages, and from what is no browser: %j", (headers) => {
    expect(asked("POST", headers)).not.toThrow();
  });

  test("passes with any origin where ours is not known", () => {
    expect(asked("POST", { origin: "https://evil.example" }, null)).not.toThrow();
  });
});

describe("a request to the REST API", () => {
  const asked = (method: string, type?: string) => () => {
    refuseOtherThanJson(request(method, type === undefined ? {} : { "content-type": type }));
  };

  test.each<[string, string | undefined]>([
    ["POST", undefined],
    ["POST", "text/plain"],
    ["POST", "application/json-patch+json"],
    ["POST", "application/json; charset=latin1"],
    ["PUT", "text/plain"],
    ["DELETE", "application/x-www-form-urlencoded"],
  ])("is refused: %s of %j", (method, type) => {
    expect(asked(method, type)).toThrow(expect.objectContaining({ code: "CONTENT_TYPE_WRONG" }));
  });

  test.each<[string, string | undefined]>([
    ["POST", "application/json"],
    ["POST", 'application/json; charset="UTF-8"'],
    ["PUT", undefined],
    ["DELETE", undefined],
    ["GET", "text/plain"],
  ])("passes: %s of %j", (method, type) => {
    expect(asked(method, type)).not.toThrow();
  });
});

describe("a browser is known", () => {
  test.each<IncomingHttpHeaders>([
    { "sec-fetch-mode": "cors" },
    { "sec-fetch-site": "none" },
    { origin: OURS },
    { accept: "text/html,application/xhtml+xml" },
    { "user-agent": "Mozilla/5.0 (X11)" },
  ])("by %j alone", (headers) => {
    expect(isFromBrowser(request("GET", headers))).toBe(true);
  });

  test.each<IncomingHttpHeaders>([{}, { accept: "*/*", "user-agent": "docker/28.1 go/1.24" }])(
    "and other programs are none: %j",
    (headers) => {
      expect(isFromBrowser(request("GET", headers))).toBe(false);
    },
  );
});
