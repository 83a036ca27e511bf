import { describe, expect, test } from "@jest/globals";
import { clientHeaders } from "#gateway/upstream/answer-headers.js";

const UPSTREAM = new URL("http://registry:5000");

describe("headers towards the client", () => {
  test("what means something to a client is passed on as it is", () => {
    const headers = {
      "content-type": "application/json",
      "content-length": "7",
      "docker-content-digest": "sha256:x",
      etag: '"x"',
      range: "0-6",
      link: '</v2/_catalog?n=1>; rel="next"',
      "docker-upload-uuid": "u",
      "oci-subject": "sha256:x",
      warning: '299 - "soon"',
    };
    expect(passedOn(headers)).toEqual(headers);
  });

  test.each([
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "trailer",
    "www-authenticate",
    "x-request-id",
    "docker-distribution-api-version",
    "set-cookie",
    "server",
    "alt-svc",
    "x-powered-by",
    "strict-transport-security",
  ])("the registry's %s is its own affair", (name) => {
    expect(passedOn({ [name]: "x" })).toEqual({});
  });

  test.each([
    ["at the registry becomes a path", "http://registry:5000/v2/a/b?x=1", "/v2/a/b?x=1"],
    ["at the registry over https becomes a path", "https://registry:5000/v2/a", "/v2/a"],
    [
      "that is a path stays one",
      "/v2/a/blobs/uploads/1?_state=x%3D",
      "/v2/a/blobs/uploads/1?_state=x%3D",
    ],
    [
      "elsewhere stays as it is",
      "https://bucket.s3.example/x?sig=a%2Fb",
      "https://bucket.s3.example/x?sig=a%2Fb",
    ],
    ["at another port stays as it is", "http://registry:5001/v2/a", "http://registry:5001/v2/a"],
    ["keeps its encoding", "http://registry:5000/v2/a%3Ab?x=%2F", "/v2/a%3Ab?x=%2F"],
  ])("a Location %s", (_what, location, wanted) => {
    expect(passedOn({ location })).toEqual({ location: wanted });
  });
});

function passedOn(headers: Record<string, string | string[]>): Record<string, unknown> {
  return Object.fromEntries(clientHeaders(headers, UPSTREAM));
}
