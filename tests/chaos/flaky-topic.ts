import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { REGION, startSns } from "#tests/support/sns.js";
import type { Random } from "./random.js";

/** A topic whose service fails half of the time, and what was published to it all the same. */
export interface FlakyTopic {
  /** Environment that sends a gateway's events there. */
  readonly env: NodeJS.ProcessEnv;
  /** Takes what has arrived from the queue that is subscribed. */
  receive(): Promise<void>;
  /** Every message received, as `team/image:tag`, in the order of its first publication. */
  readonly published: readonly string[];
  readonly received: readonly string[];
  /** Requests that were answered with an error, before or after the message was taken. */
  failures(): { readonly before: number; readonly after: number };
  stop(): Promise<void>;
}

/**
 * @param random - decides which requests fail
 * @returns the topic, with an SQS queue subscribed to it
 */
export async function startFlakyTopic(random: Random): Promise<FlakyTopic> {
  const sns = await startSns();
  const topicArn = await sns.createTopic("chaos");
  const subscription = await sns.subscribe(topicArn);
  const [published, received]: [string[], string[]] = [[], []];
  const failures = { before: 0, after: 0 };
  const server = createServer((req, res) => {
    void exchange(req, res).catch(() => res.destroy());
  });
  const exchange = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = Buffer.concat((await req.toArray()) as Buffer[]);
    const fate = random.below(4);
    if (fate === 0) {
      failures.before += 1;
      breakOff(res, random);
      return;
    }
    const answer = await passOn(sns.endpoint, req, body);
    if (answer.status === 200) published.push(nameOf(bodyMessage(body)));
    if (fate === 1) {
      failures.after += 1;
      breakOff(res, random);
      return;
    }
    res.writeHead(answer.status, answer.headers).end(answer.body);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      API_SNS_TOPIC_ARN: topicArn,
      API_SNS_REGION: REGION,
      API_SNS_ENDPOINT: `http://127.0.0.1:${port}`,
      API_REPOSITORY: "registry.example.org",
      AWS_ACCESS_KEY_ID: "chaos",
      AWS_SECRET_ACCESS_KEY: "chaos",
    },
    published,
    received,
    failures: () => failures,
    receive: async () => {
      received.push(...(await subscription.receive()).map(({ message }) => nameOf(message)));
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await sns.stop();
    },
  };
}

function breakOff(res: ServerResponse, random: Random): void {
  if (random.below(2) === 0) res.writeHead(503).end();
  else res.socket?.resetAndDestroy();
}

/** The SDK publishes a form (AWS query protocol). */
function bodyMessage(body: Buffer): string {
  return new URLSearchParams(body.toString("utf8")).get("Message") ?? "";
}

/** Pier One's message. */
function nameOf(message: string): string {
  const { team, image, tag } = JSON.parse(message) as { team: string; image: string; tag: string };
  return `${team}/${image}:${tag}`;
}

async function passOn(target: string, req: IncomingMessage, body: Buffer) {
  const outgoing = request(new URL(req.url ?? "/", target), {
    method: req.method,
    headers: { ...req.headers, connection: "close" },
    agent: false,
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const { statusCode: status = 0, headers } = answer;
  return { status, headers, body: Buffer.concat((await answer.toArray()) as Buffer[]) };
}
