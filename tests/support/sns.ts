import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { startFauxqs } from "fauxqs";
import { z } from "zod";

export const REGION = "eu-central-1";
const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** A message as a subscriber gets it. */
export interface ReceivedMessage {
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A queue that is subscribed to a topic. */
export interface Subscription {
  /** @returns what has come since the last call, in its order; it is out of the queue then */
  receive(): Promise<ReceivedMessage[]>;
}

/** SNS and SQS of another implementation, in this process. */
export interface TestSns {
  readonly endpoint: string;
  createTopic(name: string): Promise<string>;
  /** Subscribes a new queue; `attributes` are those of the subscription. */
  subscribe(topic: string, attributes?: Record<string, string>): Promise<Subscription>;
  stop(): Promise<void>;
}

const notificationSchema = z.looseObject({
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ Type: z.string(), Value: z.string() })),
});

/** @returns SNS and SQS, listening on a free port */
export async function startSns(): Promise<TestSns> {
  const server = await startFauxqs({ port: 0, logger: false, defaultRegion: REGION });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = { endpoint, region: REGION, credentials: CREDENTIALS };
  const [sns, sqs] = [new SNSClient(client), new SQSClient(client)];
  let queues = 0;
  return {
    endpoint,
    createTopic: async (name) => {
      const Attributes = name.endsWith(".fifo") ? { FifoTopic: "true" } : {};
      const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: name, Attributes }));
      return TopicArn;
    },
    subscribe: async (topic, attributes = {}) => {
      queues += 1;
      const isFifo = topic.endsWith(".fifo");
      const name = `queue-${queues}${isFifo ? ".fifo" : ""}`;
      const Attributes = isFifo ? { FifoQueue: "true" } : {};
      await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      const Endpoint = `arn:aws:sqs:${REGION}:000000000000:${name}`;
      await sns.send(
        new SubscribeCommand({
          TopicArn: topic,
          Protocol: "sqs",
          Endpoint,
          Attributes: attributes,
        }),
      );
      return { receive: () => receiveAll(endpoint, name) };
    },
    stop: async () => {
      sns.destroy();
      sqs.destroy();
      await server.stop();
    },
  };
}

/**
 * @param endpoint - of SQS
 * @param queue - its name
 * @returns what is in the queue, which is then out of it
 */
export async function receiveAll(endpoint: string, queue: string): Promise<ReceivedMessage[]> {
  const sqs = new SQSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  try {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    const received: ReceivedMessage[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return received;
      received.push(...Messages.map(({ Body = "" }) => asReceived(Body)));
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({
        Id: `${index}`,
        ReceiptHandle,
      }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  } finally {
    sqs.destroy();
  }
}

function asReceived(body: string): ReceivedMessage {
  const { Message, MessageAttributes } = notificationSchema.parse(JSON.parse(body));
  const entries = Object.entries(MessageAttributes);
  return {
    message: Message,
    attributes: Object.fromEntries(entries.map(([name, { Value }]) => [name, Value])),
  };
}
