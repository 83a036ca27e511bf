import { expect, test } from "@jest/globals";
import { readManifestBody } from "#gateway/proxy/manifest-body.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { IMAGE_TYPE, imageText } from "#tests/support/manifest-texts.js";
import { answerTo, requestFrom } from "#tests/support/requests.js";

function reading(text: string, bounds: object) {
  const headers = { "content-type": IMAGE_TYPE, "content-length": String(text.length) };
  const req = requestFrom("203.0.113.9", headers, "PUT") as HttpRequest;
  req.push(text);
  req.push(null);
  return readManifestBody(req, answerTo(req), bounds as never);
}
const BOUNDS = { layers: 100, children: 100, annotations: 100 };

test("what is no manifest is told with the reason; a mistake of ours is not the client's", async () => {
  await expect(reading("{", BOUNDS)).rejects.toMatchObject({
    code: "MANIFEST_INVALID",
    message: expect.stringMatching(/^manifest invalid: ./),
  });
  const broken = new Proxy(BOUNDS, {
    get: () => {
      throw new TypeError("a mistake");
    },
  });
  await expect(reading(imageText(), broken)).rejects.toThrow(new TypeError("a mistake"));
});
