import { randomUUID, type X509Certificate } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { callerStatement } from "#gateway/upstream/caller-statement.js";
import { upstreamAuthorization } from "#gateway/upstream/upstream-token.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import {
  CALLER_HEADER,
  callerVerifier,
  signCaller,
  type ToldRequest,
} from "#service-kit/signing/caller-statement.js";
import { operatorFolders, type OperatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewKeys, withdrawGatewayKeys } from "#service-kit/signing/renew.js";
import type { SigningKey } from "#service-kit/signing/signing-key.js";
import { signStatement } from "#service-kit/signing/statement.js";
import { toldByGateway, type StatementOutcome } from "#token-server/routes/told-by-gateway.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { SILENT } from "#tests/support/ledger.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { bundle, certifiedBy, gatewayKey, keyFrom, strangersKey } from "./support/gateway-keys.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const CALLER = { address: "192.0.2.77", requestId: "asked-by-a-test" };
const ROBOTS = "/api/v1/teams/alpha/robots";
const REQUEST = { method: "POST", path: ROBOTS };
const PEER = "127.0.0.1";

let folder: TemporaryFolder;
let folders: OperatorFolders;
let key: SigningKey;
let anchors: readonly X509Certificate[];
/** What the token server takes the time for, in milliseconds; `null`: what it is. */
let stopped: number | null = null;
let server: TestTokenServer;
const outcomes: StatementOutcome[] = [];
const times: [keyId: string, milliseconds: number][] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  folders = operatorFolders(folder.path);
  await renewKeys(folders, { lifetimeSeconds: 86_400, ahead: 0 }, seconds());
  key = await gatewayKey(folders);
  anchors = await bundle(folders);
  const now = () => stopped ?? Date.now();
  server = await startTestTokenServer({
    origin: toldByGateway({
      verify: callerVerifier({
        anchors: () => anchors,
        now,
        onTime: (...heard) => times.push(heard),
      }),
      direct: clientReader([], { log: SILENT, now }),
      log: SILENT,
      now,
      count: (outcome) => outcomes.push(outcome),
    }),
  });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

describe("what a gateway tells of a caller", () => {
  test("is on record, and so is the id that the request has there", async () => {
    const sign = callerStatement({
      keys: { active: () => key },
      service: "wharfinger",
      now: Date.now,
      newId: randomUUID,
    });
    const { address, requestId } = await recorded(sign(CALLER, REQUEST));
    expect({ address, requestId }).toEqual(CALLER);
    expect(outcomes.at(-1)).toBe("believed");
  });

  test("is good for one request alone: who overheard it has nothing", async () => {
    const header = { [CALLER_HEADER]: signed() };
    expect((await recorded(header)).address).toBe(CALLER.address);
    expect((await recorded(header)).address).toBe(PEER);
    expect(outcomes.at(-1)).toBe("refused");
  });

  test("is good for half a minute, and as much for clocks that differ", async () => {
    const at = seconds();
    const [early, late] = [signed(REQUEST, at), signed(REQUEST, at)];
    stopped = (at + 59) * 1_000;
    expect((await recorded({ [CALLER_HEADER]: early })).address).toBe(CALLER.address);
    stopped = (at + 62) * 1_000;
    expect((await recorded({ [CALLER_HEADER]: late })).address).toBe(PEER);
    stopped = null;
  });
});

test("a gateway's clock is known by what it says, however wrong it is, once, and never by what others make up", async () => {
  const at = seconds() + 600;
  const early = statement(signed(REQUEST, at));
  expect((await recorded(early)).address).toBe(PEER);
  expect(times.at(-1)).toEqual([key.keyId, at * 1000]);
  const heard = times.length;
  const believed = statement(signed());
  await recorded(believed);
  await recorded(believed);
  expect(times).toHaveLength(heard + 1);
  await recorded(statement(withPayload(signed(), { nbf: at })));
  expect(times).toHaveLength(heard + 1);
});

test("whoever comes without a gateway's word is not counted among those who are not believed", async () => {
  expect((await recorded({})).address).toBe(PEER);
  expect(outcomes.at(-1)).toBe("absent");
});

describe("is not believed, and the address of the peer counts:", () => {
  test.each<[string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ["nothing at all", () => ({})],
    [
      "X-Forwarded-For and X-Request-Id of a neighbour",
      () => ({ "X-Forwarded-For": "10.0.0.66", "X-Request-Id": "chosen" }),
    ],
    ["Forwarded", () => ({ Forwarded: "for=10.0.0.66" })],
    [
      "an unsigned statement",
      () => statement(`${part({ alg: "none", typ: "wharfinger-caller+jwt" })}.${part(claims())}.`),
    ],
    [
      "a statement with another address put in",
      () => statement(withPayload(signed(), { address: "10.0.0.66" })),
    ],
    [
      "a statement with a later end put in",
      () => statement(withPayload(signed(), { exp: 9_999_999_999 })),
    ],
    ["one of another request's path", () => statement(signed({ method: "POST", path: "/token" }))],
    ["one of another request's method", () => statement(signed({ method: "GET", path: ROBOTS }))],
    ["one that was made in the future", () => statement(signed(REQUEST, seconds() + 40))],
    [
      "one that lives longer than a gateway's do",
      () =>
        statement(
          signStatement(key, "wharfinger-caller+jwt", { ...claims(), exp: seconds() + 3_600 }),
        ),
    ],
    [
      "one for somebody else",
      () =>
        statement(signStatement(key, "wharfinger-caller+jwt", { ...claims(), aud: "registry" })),
    ],
    [
      "one of an address that is none",
      () =>
        statement(
          signStatement(key, "wharfinger-caller+jwt", {
            ...claims(),
            address: "10.0.0.66, 1.2.3.4",
          }),
        ),
    ],
    [
      "one whose request id would break a log line",
      () =>
        statement(signStatement(key, "wharfinger-caller+jwt", { ...claims(), request: "a\nb" })),
    ],
    [
      "another statement of the gateway",
      () => statement(signStatement(key, "wharfinger-audit-checkpoint", claims())),
    ],
    ["the gateway's token for the registry", () => statement(registryToken())],
    [
      "a statement of the token server's own key",
      () => statement(signedBy({ ...server.keys.active(), x5c: key.x5c })),
    ],
    [
      "one of a stranger's authority",
      async () => statement(signedBy(await strangersKey(join(folder.path, "stranger")))),
    ],
    [
      "one of whom a gateway's key certified",
      async () => statement(signedBy(await certifiedBy(key))),
    ],
    [
      "one under a certificate that has ended",
      async () => statement(signedBy(await keyFrom(folders, -7_200))),
    ],
    [
      "one under a certificate yet to begin",
      async () => statement(signedBy(await keyFrom(folders, 7_200))),
    ],
    ["two statements", () => ({ [CALLER_HEADER]: `${signed()}, ${signed()}` })],
  ])("%s", async (_what, header) => {
    const { address, requestId } = await recorded(await header());
    expect(address).toBe(PEER);
    expect(requestId).not.toBe(CALLER.requestId);
    expect(requestId).not.toBe("chosen");
  });

  test("but one under a certificate that is valid now is", async () => {
    expect((await recorded(statement(signedBy(await keyFrom(folders, -60))))).address).toBe(
      CALLER.address,
    );
  });

  test("a statement of a key that was withdrawn, as soon as the bundle is another", async () => {
    const old = key;
    await withdrawGatewayKeys(folders, { lifetimeSeconds: 86_400, ahead: 0 }, seconds());
    expect((await recorded(statement(signedBy(old)))).address).toBe(CALLER.address);
    anchors = await bundle(folders);
    expect((await recorded(statement(signedBy(old)))).address).toBe(PEER);
    key = await gatewayKey(folders);
    expect((await recorded(statement(signed()))).address).toBe(CALLER.address);
  });
});

test("a token server that trusts no gateway believes none, and says so once in a minute", async () => {
  const count: StatementOutcome[] = [];
  const log = readableLog();
  const origin = toldByGateway({
    verify: null,
    direct: clientReader([], { log: SILENT, now: Date.now }),
    log: log.log,
    now: Date.now,
    count: (outcome) => count.push(outcome),
  });
  const other = await startTestTokenServer({ origin });
  const answer = await other.http.get("/ready").set(statement(signed()));
  expect(answer.headers["x-request-id"]).not.toBe(CALLER.requestId);
  await other.http.get("/ready").set(statement(signed()));
  expect(count).toEqual(["refused", "refused"]);
  expect(log.linesOf("caller.not-believed")).toEqual([
    expect.objectContaining({ level: 40, reason: "GATEWAY_TRUST_FILE is not set" }),
  ]);
  await other.stop();
});

/** Makes a robot, and looks where that came from by the audit log. */
async function recorded(headers: Record<string, string>) {
  const name = `r${randomUUID().slice(0, 8)}`;
  const made = await server.http
    .post(ROBOTS)
    .set("Authorization", "Bearer alice-token")
    .set(headers)
    .send({ name, grants: [{ repositories: "alpha/**", actions: ["pull"] }] });
  expect(made.status).toBe(201);
  const { rows } = await server.db.query<{ address: string; requestId: string }>(
    `select content::json->'actor'->>'address' as address,
            content::json->'actor'->>'requestId' as "requestId"
     from audit.entry where content::json->'detail'->>'login' = $1`,
    [`robot-alpha-${name}`],
  );
  return rows[0] ?? { address: "", requestId: "" };
}

function signed(request: ToldRequest = REQUEST, at = seconds()): string {
  return signCaller(key, CALLER, request, { id: randomUUID(), at });
}

function signedBy(signer: SigningKey): string {
  return signCaller(signer, CALLER, REQUEST, { id: randomUUID(), at: seconds() });
}

function claims() {
  const { address, requestId: request } = CALLER;
  const [nbf, exp] = [seconds(), seconds() + 30];
  return {
    aud: "wharfinger-token-server",
    nbf,
    exp,
    jti: randomUUID(),
    ...REQUEST,
    address,
    request,
  };
}

function registryToken(): string {
  const authorization = upstreamAuthorization({
    keys: { active: () => key },
    issuer: "wharfinger-gateway",
    service: "wharfinger-token-server",
    now: Date.now,
    newTokenId: randomUUID,
  });
  return authorization("alice", []).slice("Bearer ".length);
}

function statement(token: string): Record<string, string> {
  return { [CALLER_HEADER]: token };
}

function withPayload(token: string, change: object): string {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const told = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  return [head, part({ ...told, ...change }), signature].join(".");
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
