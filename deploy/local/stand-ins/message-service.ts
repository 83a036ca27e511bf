import { buildApp } from "fauxqs";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { envReader } from "#service-kit/config.js";
import { createLogger } from "#service-kit/log.js";
import { MESSAGE_CREDENTIALS, MESSAGE_QUEUE, MESSAGE_REGION, queueArn, TOPIC } from "./messages.js";

/** Stands in for SNS and SQS, in memory; only ever part of the local stack. */
const log = createLogger("sns", "info");
const read = envReader(process.env);
const port = read.port("PORT", 0);
read.throwIfFaulty();

const stop = () => {
  process.exit(0);
};
process.on("SIGINT", stop).on("SIGTERM", stop).on("disconnect", stop);

// Not fauxqs's own start, which listens on every address of the machine.
const server = buildApp({ logger: false, defaultRegion: MESSAGE_REGION });
let isSetUp = false;
server.get("/ready", async (_request, reply) => reply.code(isSetUp ? 200 : 503).send({ isSetUp }));
const endpoint = await server.listen({ port, host: "127.0.0.1" });

const client = { endpoint, region: MESSAGE_REGION, credentials: MESSAGE_CREDENTIALS };
const sns = new SNSClient(client);
await new SQSClient(client).send(new CreateQueueCommand({ QueueName: MESSAGE_QUEUE }));
const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: TOPIC }));
await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn() }));
isSetUp = true;
log.info({ event: "process.started", address: endpoint, topic: TopicArn });
