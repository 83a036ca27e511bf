import { createHash } from "node:crypto";
import type { PublishCommandInput } from "@aws-sdk/client-sns";
import type { RegistryEvent } from "../events/event.js";
import { teamAndArtifact } from "./registry-name.js";

/** SNS API, Publish, `MessageGroupId`; what is in names of repositories is among the characters it allows. */
const MOST_GROUP_CHARACTERS = 128;

/**
 * @param event - what happened
 * @param topicArn - where it is published
 * @param message - the body
 * @returns what SNS is told; in FIFO topics the events of one repository keep their order
 */
export function publication(
  event: RegistryEvent,
  topicArn: string,
  message: string,
): PublishCommandInput {
  return {
    TopicArn: topicArn,
    Message: message,
    MessageAttributes: attributesOf(event),
    ...(topicArn.endsWith(".fifo")
      ? { MessageGroupId: groupOf(event.repository), MessageDeduplicationId: event.id }
      : {}),
  };
}

/** For filter policies of subscriptions. SNS refuses values that are empty. */
function attributesOf(event: RegistryEvent): PublishCommandInput["MessageAttributes"] {
  const { action, repository, tag, digest } = event;
  const { team } = teamAndArtifact(event);
  const entries = Object.entries({ team, repository, tag, action, digest });
  return Object.fromEntries(
    entries
      .filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== "")
      .map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
  );
}

function groupOf(repository: string): string {
  if (repository.length <= MOST_GROUP_CHARACTERS) return repository;
  return createHash("sha256").update(repository).digest("hex");
}
