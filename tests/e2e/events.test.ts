import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { MESSAGE_QUEUE } from "#local/stand-ins/messages.js";
import { runProgram } from "#local/processes/run-program.js";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { eventually } from "#tests/support/eventually.js";
import { localCommand } from "#tests/support/local-command.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { receiveAll, startSns, type ReceivedMessage } from "#tests/support/sns.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
if (typeof engine === "string") console.warn(`SKIPPED: a test with a Docker Engine: ${engine}`);

let stack: TestStack;
let folder: TemporaryFolder;
let alice: Skopeo;
let image: OciLayout;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  alice = skopeo(stack.url, "alice-token");
  image = await makeImage(join(folder.path, "image"));
});
afterAll(async () => {
  if (typeof engine !== "string") await engine.stop();
  await stack.stop();
  await folder.remove();
});

/** Takes messages out of the stack's queue until there is one about a tag. */
async function messageAbout(tag: string): Promise<ReceivedMessage> {
  const { sns = "" } = await stack.addresses();
  const found: ReceivedMessage[] = [];
  await eventually(`a message about ${tag}`, async () => {
    const received = await receiveAll(sns, MESSAGE_QUEUE);
    found.push(...received.filter(({ attributes }) => attributes["tag"] === tag));
    return found.length > 0;
  });
  const [first] = found;
  if (first === undefined) throw new Error("none");
  return first;
}

async function messagesCommand(dataDir: string) {
  return command(dataDir, "deploy/local/commands/show-messages.js");
}

async function command(dataDir: string, program: string) {
  return runProgram(localCommand(dataDir, [program]));
}

describe("events of the local stack", () => {
  test("a push arrives as Pier One's message in a queue that is subscribed", async () => {
    expect(await alice.push(image, "alpha/app:1.0")).toMatchObject({ ok: true });
    expect(await messageAbout("1.0")).toEqual({
      message: JSON.stringify({
        registry: new URL(stack.url).host,
        team: "alpha",
        image: "app",
        tag: "1.0",
      }),
      attributes: {
        team: "alpha",
        repository: "alpha/app",
        tag: "1.0",
        action: "push",
        digest: image.digest,
      },
    });
  });

  test("what the command for discovery finds would be announced where the gateway announces", async () => {
    const { output } = await command(stack.dataDir, "gateway/src/commands/discover/main.js");
    expect(output).toContain("what it finds is announced to: sns");
    expect(output).not.toContain("Warning");
  });

  (typeof engine === "string" ? test.skip : test)("so does a docker push", async () => {
    if (typeof engine === "string") return;
    const { host } = new URL(stack.url);
    expect(await engine.login(host, "oauth2:alice-token")).toMatchObject({ ok: true });
    expect(await engine.build(`${host}/alpha/docker:2.0`, "x")).toMatchObject({ ok: true });
    expect(await engine.docker("push", `${host}/alpha/docker:2.0`)).toMatchObject({ ok: true });
    expect((await messageAbout("2.0")).attributes["repository"]).toBe("alpha/docker");
  });

  test("npm run messages shows what is in the queue and leaves it there", async () => {
    await alice.push(image, "alpha/shown:3.0");
    const isShown = async () =>
      /Z {2}push {2}\{"registry":.*"image":"shown","tag":"3.0"\}\n/.test(
        (await messagesCommand(stack.dataDir)).output,
      );
    await eventually("the message is shown", isShown);
    expect(await isShown()).toBe(true);
    expect(stack.output()).toContain("events: npm run messages shows what is announced");
  });

  test("what is pushed while SNS is away arrives when it is back", async () => {
    await stack.kill("sns");
    expect(await alice.push(image, "alpha/late:4.0")).toMatchObject({ ok: true });
    expect((await messageAbout("4.0")).attributes["repository"]).toBe("alpha/late");
  });
});

describe("events of a local stack", () => {
  test("in which SNS does not start wait in the outbox, loudly; pushes go on", async () => {
    const own = await temporaryFolder();
    // A log file that cannot be written keeps a part from starting.
    await mkdir(join(own.path, "logs", "sns.log"), { recursive: true });
    const lame = await startTestStack({ dataDir: own.path });
    expect(await skopeo(lame.url, "alice-token").push(image, "alpha/app:1.0")).toMatchObject({
      ok: true,
    });
    expect(lame.output()).toContain("EVENTS ARE NOT DELIVERED until the next start");
    const { output, ok } = await messagesCommand(own.path);
    expect(ok).toBe(false);
    expect(output).toContain("nothing answers at http://127.0.0.1:");
    await lame.stop();
    await own.remove();
  });

  test("go to a topic of one's own, with one's own credentials", async () => {
    const sns = await startSns();
    const topic = await sns.createTopic("own.fifo");
    const queue = await sns.subscribe(topic);
    const other = await startTestStack({
      env: {
        API_SNS_TOPIC_ARN: topic,
        API_SNS_ENDPOINT: sns.endpoint,
        API_REPOSITORY: "registry.example.org",
        AWS_ACCESS_KEY_ID: "own",
        AWS_SECRET_ACCESS_KEY: "own",
      },
    });
    expect(await other.addresses()).not.toHaveProperty("sns");
    await skopeo(other.url, "alice-token").push(image, "alpha/app:1.0");
    const received: ReceivedMessage[] = [];
    await eventually("the message is there", async () => {
      received.push(...(await queue.receive()));
      return received.length > 0;
    });
    expect(received[0]?.message).toContain('"registry":"registry.example.org"');
    const environment = await readFile(`/proc/${await other.pidOf("gateway")}/environ`, "utf8");
    expect(environment).toContain("AWS_ACCESS_KEY_ID=own\0");
    expect((await messagesCommand(other.dataDir)).output).toContain("API_SNS_TOPIC_ARN");
    await other.stop();
    await sns.stop();
  });
});
