import { describe, expect, test } from "@jest/globals";
import { registryRoute, type RegistryApiDeps } from "#gateway/proxy/handle.js";
import { eventually } from "#tests/support/eventually.js";
import { openedRequest, type OpenedRequest } from "#tests/support/requests.js";

const UNFORESEEN = new Error("a mistake");
const failing = {
  callers: new Proxy({}, { get: () => { throw UNFORESEEN; } }),
} as RegistryApiDeps; // prettier-ignore

describe("a request of which something fails", () => {
  const failureOf = async (client: (opened: OpenedRequest) => void) => {
    const opened = openedRequest(
      { authorization: "Bearer x" },
      { method: "PUT", url: "/v2/alpha/app/manifests/1.0" },
    );
    client(opened);
    expect(registryRoute(failing)(opened.req, opened.res)).toBe(true);
    await eventually("it has failed", () => opened.context.failure !== null);
    return opened.context.failure;
  };

  test("has failed because its client has gone, when it has", async () => {
    const failure = await failureOf(({ req }) => req.destroy());
    expect(failure).toMatchObject({ code: "BODY_INCOMPLETE", cause: UNFORESEEN });
  });

  test.each<[string, (opened: OpenedRequest) => void]>([
    ["whose client is there", () => undefined],
    ["that came whole before its client went", ({ req }) => void Object.assign(req, { complete: true }).destroy()], // prettier-ignore
  ])("has failed for its own reason where it is one %s", async (_what, client) => {
    expect(await failureOf(client)).toEqual({ cause: UNFORESEEN });
  });
});
