import { expect, test } from "@jest/globals";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { tokenRoute } from "#token-server/routes/token-routes.js";
import { answerTo, requestFrom } from "#tests/support/requests.js";

test.each([
  ["PUT", "/token"],
  ["DELETE", "/token/"],
  ["GET", "/tokens"],
])("%s %s is no request for a token", (method, url) => {
  const req = Object.assign(requestFrom("203.0.113.9", {}, method), { url }) as HttpRequest;
  expect(tokenRoute({} as never)(req, answerTo(req))).toBe(false);
});
