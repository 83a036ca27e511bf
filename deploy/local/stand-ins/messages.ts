/** The one topic of the local stack, and the queue that is subscribed to it. */
export const TOPIC = "pushes";
export const MESSAGE_QUEUE = "pushes";
export const MESSAGE_REGION = "eu-central-1";

/** The stand-in for SNS and SQS asks for some and accepts all. */
export const MESSAGE_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

const ACCOUNT = "000000000000";

/** @returns ARN of the local stack's topic */
export function topicArn(): string {
  return `arn:aws:sns:${MESSAGE_REGION}:${ACCOUNT}:${TOPIC}`;
}

/** @returns ARN of the queue that gets what is published there */
export function queueArn(): string {
  return `arn:aws:sqs:${MESSAGE_REGION}:${ACCOUNT}:${MESSAGE_QUEUE}`;
}
