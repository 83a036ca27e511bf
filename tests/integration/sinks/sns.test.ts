import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DeliveryError } from "#gateway/events/sink.js";
import { snsSink } from "#gateway/sinks/sns-sink.js";
import type { SnsSpec } from "#gateway/sinks/sink-spec.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { DIGEST, eventWith } from "#tests/support/events.js";
import { REGION, startSns, type TestSns } from "#tests/support/sns.js";
import { httpReceiver } from "./support/http-receiver.js";

const REGISTRY = { name: "registry.example.org", uri: "https://registry.example.org" };
const NEVER = new AbortController().signal;

const connections = outgoing();
let sns: TestSns;
beforeAll(async () => {
  // What the SDK's default chain looks at first.
  process.env["AWS_ACCESS_KEY_ID"] = "AKIATEST";
  process.env["AWS_SECRET_ACCESS_KEY"] = "very-secret-key";
  sns = await startSns();
});
afterAll(async () => {
  connections.close();
  await sns.stop();
});

function sinkTo(topicArn: string, differences: Partial<SnsSpec> = {}) {
  return snsSink(
    {
      name: "sns",
      type: "sns",
      actions: ["push", "delete"],
      format: "pierone",
      region: REGION,
      endpoint: sns.endpoint,
      timeoutSeconds: 10,
      topicArn,
      ...differences,
    },
    REGISTRY,
    connections,
  );
}

async function failureOf(delivery: Promise<void>): Promise<DeliveryError> {
  const failure: unknown = await delivery.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof DeliveryError) return failure;
  throw new Error(`no DeliveryError: ${String(failure)}`);
}

describe("the SNS sink", () => {
  test("publishes Pier One's message with attributes", async () => {
    const topic = await sns.createTopic("pushes");
    const queue = await sns.subscribe(topic);
    await sinkTo(topic).deliver(eventWith(), NEVER);
    expect(await queue.receive()).toEqual([
      {
        message: '{"registry":"registry.example.org","team":"alpha","image":"app","tag":"1.0"}',
        attributes: {
          team: "alpha",
          repository: "alpha/app",
          tag: "1.0",
          action: "push",
          digest: DIGEST,
        },
      },
    ]);
  });

  test("publishes CloudEvents, and with them what is about no tag", async () => {
    const topic = await sns.createTopic("cloudevents");
    const queue = await sns.subscribe(topic);
    const deletion = eventWith({ action: "delete", tag: null });
    const sink = sinkTo(topic, { format: "cloudevents" });
    expect(sink.wants(deletion)).toBe(true);
    await sink.deliver(deletion, NEVER);
    const [received] = await queue.receive();
    expect(JSON.parse(received?.message ?? "")).toMatchObject({
      specversion: "1.0",
      type: "io.wharfinger.manifest.deleted",
    });
    expect(received?.attributes).not.toHaveProperty("tag");
  });

  test("wants nothing that Pier One's message cannot say", () => {
    const sink = sinkTo("arn:aws:sns:eu-central-1:000000000000:any");
    expect(sink.wants(eventWith({ action: "delete", tag: null }))).toBe(false);
    expect(sink.wants(eventWith({ action: "delete" }))).toBe(true);
  });

  test("lets subscriptions filter by attribute", async () => {
    const topic = await sns.createTopic("filtered");
    const FilterPolicy = JSON.stringify({ team: ["beta"], tag: [{ prefix: "v" }] });
    const queue = await sns.subscribe(topic, { FilterPolicy });
    const sink = sinkTo(topic);
    for (const [repository, tag] of [
      ["alpha/app", "v1"],
      ["beta/app", "1"],
      ["beta/app", "v1"],
    ] as const)
      await sink.deliver(eventWith({ repository, tag }), NEVER);
    const received = await queue.receive();
    expect(received.map(({ attributes }) => attributes)).toMatchObject([
      { repository: "beta/app", tag: "v1" },
    ]);
  });

  test("keeps order in a FIFO topic, where what is sent twice comes once", async () => {
    const topic = await sns.createTopic("ordered.fifo");
    const queue = await sns.subscribe(topic);
    const sink = sinkTo(topic);
    const tags = Array.from({ length: 12 }, (_, index) => `1.${index}`);
    for (const tag of tags)
      for (let time = 0; time < 2; time += 1)
        await sink.deliver(eventWith({ id: `event-${tag}`, tag }), NEVER);
    const received = await queue.receive();
    expect(received.map(({ attributes }) => attributes["tag"])).toEqual(tags);
  });

  test("tells of a topic that is not there without giving the message up", async () => {
    const topic = `arn:aws:sns:${REGION}:000000000000:missing`;
    const failure = await failureOf(sinkTo(topic).deliver(eventWith(), NEVER));
    expect(failure.lasting).toBe(false);
    expect(failure.message).toMatch(/^SNS: NotFoundException: Topic does not exist/);
  });

  test("gives up a message that SNS will never take", async () => {
    const topic = await sns.createTopic("small");
    const detail = { scmSource: { url: "x".repeat(300_000) } };
    const sink = sinkTo(topic, { format: "cloudevents" });
    const failure = await failureOf(sink.deliver(eventWith({ detail }), NEVER));
    expect(failure.lasting).toBe(true);
    expect(failure.message).toContain("Message too long");
  });

  test("tells in short that SNS is away, without credentials", async () => {
    const sink = sinkTo(`arn:aws:sns:${REGION}:000000000000:x`, { endpoint: "http://127.0.0.1:1" });
    const failure = await failureOf(sink.deliver(eventWith(), NEVER));
    expect(failure.lasting).toBe(false);
    // The SDK loses the code of an error of another realm, as Node's errors are to tests.
    expect(failure.message).toMatch(/^SNS: (?:ECONNREFUSED|Error)$/);
  });

  test("ends an attempt when it is told to", async () => {
    const topic = await sns.createTopic("aborted");
    const failure = await failureOf(sinkTo(topic).deliver(eventWith(), AbortSignal.abort()));
    expect(failure).toMatchObject({ lasting: false, message: "SNS: no answer in time" });
  });
});

describe("SNS that is busy", () => {
  const THROTTLED =
    "<ErrorResponse><Error><Type>Sender</Type><Code>Throttled</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";

  test.each([
    [503, "7", "<html>busy</html>", 7],
    [502, "7", "", 7],
    [429, "7", THROTTLED, 7],
    [500, undefined, THROTTLED, null],
    [400, "7", THROTTLED, null],
  ])(
    "%d with Retry-After %s is asked once, and left alone",
    async (status, after, body, wanted) => {
      const busy = await httpReceiver();
      busy.answer = (res) =>
        res.writeHead(status, after === undefined ? {} : { "retry-after": after }).end(body);
      const endpoint = `http://127.0.0.1:${busy.port}`;
      const sink = sinkTo(`arn:aws:sns:${REGION}:000000000000:x`, { endpoint });
      const failure = await failureOf(sink.deliver(eventWith(), NEVER));
      expect(failure).toMatchObject({ lasting: false, retryAfterSeconds: wanted });
      // The SDK's own attempts would come without a pause of such a length.
      expect(busy.received).toHaveLength(1);
      await sink.close();
      await busy.stop();
    },
  );
});
