import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ask } from "#tests/support/faulty-proxy.js";
import { REGION, startSns } from "#tests/support/sns.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
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
 * @param options - whether gateways are told to keep the order of a repository's events, although the topic keeps none
 * @returns the topic, with an SQS queue subscribed to it
 */
export async function startFlakyTopic(
  random: Random,
  { ordered }: { readonly ordered: boolean },
): Promise<FlakyTopic> {
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
    const answer = await ask(sns.endpoint, req, body);
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
  const endpoint = `http://127.0.0.1:${port}`;
  const folder = await temporaryFolder();
  const SINKS_FILE = join(folder.path, "sinks.yaml");
  const sink = { name: "chaos", type: "sns", topicArn, region: REGION, endpoint, ordered };
  await writeFile(SINKS_FILE, JSON.stringify({ sinks: [sink] }));
  return {
    env: {
      SINKS_FILE,
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
      await folder.remove();
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
