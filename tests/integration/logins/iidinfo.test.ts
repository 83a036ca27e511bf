import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { iidinfoCheck } from "#token-server/identity/machine/iidinfo-check.js";
import { machineSource } from "#token-server/identity/machine/machine.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testClock, type TestClock } from "./support/clock.js";
import { jsonService, type JsonService } from "./support/json-service.js";
import { credentials, faultOf } from "./support/logins.js";
import { documentMaker, INSTANCE } from "./support/machine-documents.js";

let folder: TemporaryFolder;
let document: string;
let service: JsonService;
let clock: TestClock;
let source: IdentitySource;

beforeAll(async () => {
  folder = await temporaryFolder();
  const make = documentMaker(folder.path);
  document = await make.sign([await make.rsaSigner("aws")]);
});
afterAll(() => folder.remove());
beforeEach(async () => {
  service = await jsonService(() => ({ status: 200, body: {} }));
  clock = testClock();
  source = machineSource(iidinfoCheck(`${service.url}/iidinfo`, clock.now), clock.now);
});
afterEach(() => service.stop());

describe("a machine that the company's service knows", () => {
  test("is asked about as Pier One asks", async () => {
    await verify(document);
    expect(service.asked).toMatchObject([{ method: "POST", path: "/iidinfo" }]);
    expect(JSON.parse(service.asked[0]?.body ?? "")).toEqual({ iid_signature: document });
  });

  test("is the instance that its document names, and may do nothing but pull", async () => {
    expect((await verify(document)).identity).toMatchObject({
      uid: INSTANCE.instanceId,
      realm: "/machines",
      kind: "machine",
      claims: { accountId: INSTANCE.accountId, region: INSTANCE.region },
      limits: [{ repositories: "**", actions: ["pull"] }],
    });
  });

  test("is just a machine when its document cannot be understood", async () => {
    for (const text of ["local-machine-document", "MAA=", "!"])
      expect((await verify(text)).identity).toMatchObject({
        uid: "machine",
        claims: {},
        limits: [{ repositories: "**", actions: ["pull"] }],
      });
  });

  test("is asked about once a minute", async () => {
    await Promise.all([verify(document), verify(document)]);
    clock.advance(59);
    await verify(document);
    expect(service.asked).toHaveLength(1);
    clock.advance(1);
    await verify(document);
    expect(service.asked).toHaveLength(2);
  });
});

describe("a machine that it does not know", () => {
  test.each<[number, unknown]>([
    [400, ""],
    [401, ""],
    [200, { valid: false }],
  ])("is refused when it answers %d %j", async (status, body) => {
    service.answer = () => ({ status, body });
    expect(await faultOf(verify(document))).toBe(
      "UNAUTHORIZED: the instance identity document is refused: the machine is not known",
    );
  });

  test("is not even asked about when the document is too long", async () => {
    expect(await faultOf(verify("A".repeat(1 << 20)))).toMatch(/^UNAUTHORIZED.*too long$/);
    expect(service.asked).toEqual([]);
  });
});

describe("while that service is down", () => {
  test.each<[string, JsonService["answer"]]>([
    ["it answers 500", () => ({ status: 500, body: {} })],
    ["it answers 204", () => ({ status: 204, body: "" })],
    ["a firewall answers 403", () => ({ status: 403, body: "" })],
    ["it answers 410 and a verdict's body", () => ({ status: 410, body: { valid: false } })],
    ["its route is wrong", () => ({ status: 404, body: "" })],
    ["it does not answer within two seconds", () => "silence"],
  ])("a login is 503, never 401: %s", async (_what, answer) => {
    service.answer = answer;
    expect(await faultOf(verify(document))).toBe(
      "UNAVAILABLE: the instance identity service is unavailable, try again",
    );
  });
});

function verify(text: string) {
  return source.verify(credentials("instance-identity-document", text));
}
