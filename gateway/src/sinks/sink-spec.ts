import type { Secret } from "#service-kit/secret.js";
import type { FilterSpec } from "./filter.js";

/** What a sink is told, checked. */
export type SinkSpec = SnsSpec | WebhookSpec | AuditSpec;

interface AnySink extends FilterSpec {
  readonly name: string;
  readonly timeoutSeconds: number;
  /** Whether events of a repository keep their order; absent: as {@link keepsOrder}. */
  readonly ordered?: boolean | undefined;
}

/** An SNS topic. */
export interface SnsSpec extends AnySink {
  readonly type: "sns";
  readonly topicArn: string;
  readonly region: string;
  /** Another endpoint than that of the region. */
  readonly endpoint?: string | undefined;
  readonly format: "pierone" | "cloudevents";
}

interface HttpSink extends AnySink {
  readonly url: string;
  readonly allowLinkLocal: boolean;
}

/** An HTTP endpoint that takes signed CloudEvents. */
export interface WebhookSpec extends HttpSink {
  readonly type: "webhook";
  readonly secretFile: string;
}

/** An HTTP service that takes Pier One's audit events. */
export interface AuditSpec extends HttpSink {
  readonly type: "audit";
  readonly tokenFile?: string | undefined;
  /** A token that is in no file. */
  readonly token?: Secret | undefined;
}

const TOPIC =
  /^arn:aws(?:-[a-z]+)*:sns:(?<region>[a-z0-9-]+):\d{12}:(?:[\w-]{1,256}|[\w-]{1,251}\.fifo)$/;

/**
 * @param spec - a sink
 * @returns whether events of one repository reach it in their order: where nothing is said, unless it is a topic that
 *   keeps none itself
 */
export function keepsOrder(spec: SinkSpec): boolean {
  return spec.ordered ?? (spec.type !== "sns" || spec.topicArn.endsWith(".fifo"));
}

/** What is wanted where a topic is wanted. */
export const TOPIC_WANTED = "a topic such as arn:aws:sns:eu-central-1:123456789012:pushes";

/**
 * @param topicArn - ARN of an SNS topic
 * @returns the region in it, or `null` when it is none
 */
export function regionOfTopic(topicArn: string): string | null {
  return TOPIC.exec(topicArn)?.groups?.["region"] ?? null;
}
