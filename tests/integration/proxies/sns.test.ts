import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { DeliveryError } from "#gateway/events/sink.js";
import { snsSink } from "#gateway/sinks/sns-sink.js";
import { envReader } from "#service-kit/config.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { eventWith } from "#tests/support/events.js";
import { startForwardProxy, type TestForwardProxy } from "#tests/support/forward-proxy.js";
import { REGION, startSns, type TestSns } from "#tests/support/sns.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { trustedFronts, type TlsFront, type TrustedFronts } from "#tests/support/tls-front.js";
import { httpReceiver } from "../sinks/support/http-receiver.js";

const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const NEVER = new AbortController().signal;
const CREDENTIALS = "gateway:hunter-2-nobody-may-see";

let sns: TestSns;
let fronts: TrustedFronts;
let front: TlsFront;
let proxy: TestForwardProxy;
let topicArn: string;
let closing: (() => Promise<void>)[];
beforeAll(async () => {
  process.env["AWS_ACCESS_KEY_ID"] = "AKIATEST";
  process.env["AWS_SECRET_ACCESS_KEY"] = "very-secret-key";
  sns = await startSns();
  fronts = await trustedFronts();
  front = await fronts.before(portOf(sns), ["sns.example.org"]);
  topicArn = await sns.createTopic("pushes");
});
beforeEach(async () => {
  proxy = await startForwardProxy(CREDENTIALS);
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  await proxy.stop();
});
afterAll(async () => {
  fronts.forget();
  await front.stop();
  await sns.stop();
});

const portOf = ({ endpoint }: TestSns) => Number(new URL(endpoint).port);
const tls = () => `https://sns.example.org:${front.port}`;
const plain = () => `http://sns.example.org:${portOf(sns)}`;

function publish(endpoint: string, env: Record<string, string> = {}): Promise<void> {
  const given = { HTTPS_PROXY: proxy.url(), HTTP_PROXY: proxy.url(), ...env };
  const connections = outgoing(readProxies(envReader(given)));
  const common = { name: "sns", type: "sns", actions: ["push"], format: "pierone" } as const;
  const spec = { ...common, region: REGION, endpoint, timeoutSeconds: 10, topicArn };
  const sink = snsSink(spec, REGISTRY, connections);
  closing.push(async () => {
    await sink.close();
    connections.close();
  });
  return sink.deliver(eventWith(), NEVER);
}

async function failureOf(delivery: Promise<void>): Promise<DeliveryError> {
  const failure: unknown = await delivery.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof DeliveryError)) throw new Error(`no DeliveryError: ${String(failure)}`);
  expect(`${failure.message} ${String(failure.stack)}`).not.toContain("nobody-may-see");
  return failure;
}

describe("a message for SNS", () => {
  test.each([
    ["https", tls, () => `CONNECT sns.example.org:${front.port}`],
    ["http", plain, () => `POST ${plain()}/`],
  ])("goes by the proxy: %s", async (_scheme, endpoint, line) => {
    const queue = await sns.subscribe(topicArn);
    await publish(endpoint());
    expect(proxy.asked).toEqual([line()]);
    expect(await queue.receive()).toHaveLength(1);
  });

  test.each([tls, plain])("goes past it with NO_PROXY", async (endpoint) => {
    const failure = await failureOf(publish(endpoint(), { NO_PROXY: "sns.example.org" }));
    expect(failure.message).not.toContain("proxy");
    expect(proxy.asked).toEqual([]);
  });

  test.each([403, 407, 503])("is tried again when the proxy answers %d", async (status) => {
    proxy.meet(status);
    for (const endpoint of [tls, plain]) {
      const failure = await failureOf(publish(endpoint()));
      expect(failure.message).toMatch(new RegExp(`^SNS through the proxy ${proxy.name}: `));
      expect(failure.lasting).toBe(false);
    }
  });

  test("is tried again when the proxy is away", async () => {
    const away = `http://${CREDENTIALS}@127.0.0.1:1`;
    const failure = await failureOf(publish(tls(), { HTTPS_PROXY: away }));
    // The SDK loses the code of an error of another realm, as Node's errors are to tests.
    expect(failure.message).toMatch(
      /^SNS through the proxy 127\.0\.0\.1:1: (?:ECONNREFUSED|Error)$/,
    );
  });

  test("has credentials that are asked for by the proxy, too, where a role is taken by a token", async () => {
    const [sts, folder] = await Promise.all([httpReceiver(), temporaryFolder()]);
    const before = await fronts.before(sts.port, ["sts.example.org"]);
    sts.answer = (res) =>
      res.writeHead(200, { "content-type": "text/xml" }).end(CREDENTIALS_OF_STS);
    const tokenFile = join(folder.path, "token");
    await writeFile(tokenFile, "a token of the cluster");
    const given = {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/gateway",
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ENDPOINT_URL_STS: `https://sts.example.org:${before.port}`,
    };
    const restore = setEnvironment(given);
    try {
      await publish(tls());
    } finally {
      restore();
      await before.stop();
      await Promise.all([sts.stop(), folder.remove()]);
    }
    expect(proxy.asked).toEqual([
      `CONNECT sts.example.org:${before.port}`,
      `CONNECT sns.example.org:${front.port}`,
    ]);
  });
});

const CREDENTIALS_OF_STS = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIATEST</AccessKeyId>
  <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;

/** @returns sets the environment back */
function setEnvironment(given: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(given).map((name) => [name, process.env[name]] as const);
  const set = (entries: readonly (readonly [string, string | undefined])[]) => {
    for (const [name, value] of entries)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  };
  set(Object.entries(given));
  return () => {
    set(before);
  };
}
