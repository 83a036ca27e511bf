import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "#service-kit/config.js";
import { openDataFolder } from "../data-folder.js";
import { hasCode, LocalStackError } from "../errors.js";
import { MESSAGE_QUEUE } from "../stand-ins/messages.js";
import { readLocalSettings } from "../settings.js";

const addressesSchema = z.looseObject({ sns: z.string().optional() });

/** What of the stand-in's account of a queue is shown; looking takes nothing out of it. */
const queueSchema = z.looseObject({
  messages: z.looseObject({
    ready: z.array(z.looseObject({ body: z.string() })),
    inflight: z.array(z.looseObject({ message: z.looseObject({ body: z.string() }) })),
  }),
});

/** What SNS wraps a message in on its way to a queue. */
const notificationSchema = z.looseObject({
  Timestamp: z.string(),
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.looseObject({ Value: z.string() })).default({}),
});

async function main(): Promise<void> {
  const folder = await openDataFolder(readLocalSettings(process.env).dataDir);
  const bodies = await messagesAt(await snsAddress(join(folder.run, "stack.json")));
  for (const body of bodies) say(lineOf(body));
  say(
    bodies.length === 0
      ? "no message yet"
      : `${bodies.length} message${bodies.length === 1 ? "" : "s"}`,
  );
}

async function snsAddress(file: string): Promise<string> {
  try {
    const { sns } = addressesSchema.parse(JSON.parse(await readFile(file, "utf8")));
    if (sns !== undefined) return sns;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    throw new LocalStackError("no stack was started here: npm start");
  }
  throw new LocalStackError("the stack publishes to the topic in API_SNS_TOPIC_ARN: look there");
}

async function messagesAt(address: string): Promise<string[]> {
  let answer: Response;
  try {
    answer = await fetch(`${address}/_fauxqs/queues/${MESSAGE_QUEUE}`);
  } catch {
    throw new LocalStackError(`nothing answers at ${address}: npm start`);
  }
  const { messages } = queueSchema.parse(await answer.json());
  const { ready, inflight } = messages;
  return [...inflight.map(({ message }) => message), ...ready].map(({ body }) => body);
}

/** When, what, and the message as it was published; what came about in another form is shown as it is. */
function lineOf(body: string): string {
  const read = notificationSchema.safeParse(JSON.parse(body));
  if (!read.success) return body;
  const { Timestamp, Message, MessageAttributes } = read.data;
  return `${Timestamp}  ${MessageAttributes["action"]?.Value ?? ""}  ${Message}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Whoever reads the output may leave before all is said.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  await main();
} catch (error) {
  const isForTheUser = error instanceof LocalStackError || error instanceof ConfigError;
  console.error(isForTheUser ? `wharfinger: ${error.message}` : error);
  process.exitCode = 1;
}
