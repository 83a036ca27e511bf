import { describe, expect, test } from "@jest/globals";
import { readVerdict } from "#gateway/upstream/unreadable-answer.js";

/** As distribution 2.8.2 and 3.1.1 answer. */
const unknown = (detail?: unknown) =>
  JSON.stringify({ errors: [{ code: "UNKNOWN", message: "unknown error", detail }] });
const DRIVER = { Op: "read", Path: "/var/lib/registry/docker/registry/v2/…/_manifests", Err: 21 };

describe("a 500 to who reads a manifest is a verdict on it", () => {
  test.each([
    ["another schema, on 3.x", "unrecognized manifest schema version 1", true],
    [
      "another kind, on 3.x",
      "errors verifying manifest: unrecognized manifest content type x",
      true,
    ],
    [
      "a kind within that is another, on 3.x",
      "mediaType in manifest list should be 'x' not 'y'",
      true,
    ],
    ["half a manifest, on 3.x", "unexpected end of JSON input", false],
    ["no JSON, on 3.x", "invalid character 'l' looking for beginning of value", false],
    [
      "a field of another type, on 3.x",
      "json: cannot unmarshal string into Go value of type int",
      false,
    ],
    ["half a manifest, on 2.8", { Offset: 29 }, false],
    ["another schema, on 2.8", {}, false],
    ["another kind, on 2.8", [{}], false],
    ["a link without a digest, on 3.x", "invalid checksum digest format", false],
    ["a link with half a digest, on 3.x", "invalid checksum digest length", false],
  ])("when it speaks of %s", (_title, detail, isWhole) => {
    expect(readVerdict(Buffer.from(unknown(detail)))).toMatchObject({ isWhole });
  });

  test.each([
    [
      "storage, on 3.x",
      unknown("filesystem: read /x/_manifests/tags/ok/current/link: is a directory"),
    ],
    ["storage, on 3.x", unknown("s3aws: RequestError: send request failed: manifest")],
    ["time, on 3.x", unknown("context deadline exceeded")],
    ["storage, on 2.8", unknown({ DriverName: "filesystem", Enclosed: DRIVER })],
    ["storage among others, on 2.8", unknown([{}, { DriverName: "s3aws", Enclosed: {} }])],
    ["storage, as JSON of 3.x", unknown({ driver: "s3aws", detail: "SlowDown" })],
    ["nothing", unknown()],
    ["null", unknown(null)],
    [
      "several things",
      `{"errors":[{"code":"UNKNOWN","detail":{}},{"code":"UNKNOWN","detail":{}}]}`,
    ],
    ["another code", `{"errors":[{"code":"UNAVAILABLE","detail":{}}]}`],
    ["no errors", "{}"],
    ["a proxy between", "<html>Internal Server Error</html>"],
    ["an empty body", ""],
  ])("but not when it speaks of %s: %#", (_title, body) => {
    expect(readVerdict(Buffer.from(body))).toBeNull();
  });

  test("in at most 200 characters", () => {
    const long = `unrecognized manifest content type ${"x".repeat(5_000)}`;
    expect(readVerdict(Buffer.from(unknown(long)))?.reason).toHaveLength(200);
  });
});
