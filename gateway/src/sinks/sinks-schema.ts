import { resolve } from "node:path";
import { z } from "zod";
import { refuseRepeated } from "#access-policy/refuse-repeated.js";
import { EVENT_ACTIONS } from "../events/event.js";
import { namespacePattern, repositoryPattern, tagPatterns } from "#tag-policy/pattern-schemas.js";
import { BEARER_TOKEN, secretOfFile, type SecretForm } from "#service-kit/secret-form.js";
import { isForbiddenLiteral } from "./address-guard.js";
import { regionOfTopic, TOPIC_WANTED, type SinkSpec } from "./sink-spec.js";
import { SIGNING_SECRETS } from "./standard-webhooks.js";

/** Names are keys of queues and labels of metrics. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MOST_SINKS = 100;
const MOST_PATTERNS = 100;
/** Less than the outbox lets an attempt take (`gateway/src/outbox/try-delivery.ts`). */
const MOST_SECONDS = 14;

const anySink = {
  name: z.string().regex(NAME, "wants a-z, 0-9 and -, at most 32 of them"),
  actions: z.array(z.enum(EVENT_ACTIONS)).min(1).default(["push"]),
  repositories: z.array(repositoryPattern).min(1).max(MOST_PATTERNS).optional(),
  namespaces: z.array(namespacePattern).min(1).max(MOST_PATTERNS).optional(),
  tags: tagPatterns.optional(),
  ordered: z.boolean().optional(),
  timeoutSeconds: z.int().min(1).max(MOST_SECONDS).default(10),
};

const url = z
  .url({ protocol: /^https?$/, error: "wanted an https:// URL", abort: true })
  .refine((text) => {
    const { username, password } = new URL(text);
    return username === "" && password === "";
  }, "must not hold a user name or password");

const sns = z
  .strictObject({
    ...anySink,
    type: z.literal("sns"),
    topicArn: z.string(),
    region: z.string().optional(),
    endpoint: url.optional(),
    format: z.enum(["pierone", "cloudevents"]).default("pierone"),
  })
  .transform((sink, context) => {
    const region = regionOfTopic(sink.topicArn);
    const refuse = (key: string, message: string) => {
      context.addIssue({ code: "custom", path: [key], message });
      return z.NEVER;
    };
    if (region === null) return refuse("topicArn", `wanted ${TOPIC_WANTED}`);
    if ((sink.region ?? region) !== region) return refuse("region", `the topic is in ${region}`);
    return { ...sink, region };
  });

const httpSink = {
  ...anySink,
  url,
  /** Events may cross the network in the clear. */
  allowPlainHttp: z.boolean().default(false),
  allowLinkLocal: z.boolean().default(false),
};

interface HttpTarget {
  readonly url: string;
  readonly allowPlainHttp: boolean;
  readonly allowLinkLocal: boolean;
}

function checkTarget(target: HttpTarget, context: z.RefinementCtx): void {
  const refuse = (message: string) => {
    context.addIssue({ code: "custom", path: ["url"], message });
  };
  const parsed = new URL(target.url);
  if (!target.allowPlainHttp && goesInTheClear(parsed))
    refuse("wanted an https:// URL (or allowPlainHttp: true)");
  if (!target.allowLinkLocal && isForbiddenLiteral(parsed))
    refuse("is a link-local or metadata address (which allowLinkLocal: true would allow)");
}

/**
 * @param url - where something is sent
 * @returns whether it crosses the network as plain text
 */
export function goesInTheClear({ protocol, hostname }: URL): boolean {
  return protocol !== "https:" && hostname !== "localhost" && !/^127\.|^\[::1\]$/.test(hostname);
}

/**
 * @param folder - what paths in the file are relative to
 * @returns schema of a sinks file
 */
export function sinksSchema(folder: string): z.ZodType<{ readonly sinks: readonly SinkSpec[] }> {
  const file = (form: SecretForm) =>
    z.string().transform((path, context) => {
      const absolute = resolve(folder, path);
      const fault = secretOfFile(absolute, form).fault;
      if (fault !== null) context.addIssue({ code: "custom", message: fault });
      return absolute;
    });
  const webhook = z
    .strictObject({
      ...httpSink,
      type: z.literal("webhook"),
      secretFile: file(SIGNING_SECRETS),
    })
    .superRefine(checkTarget);
  const audit = z
    .strictObject({
      ...httpSink,
      type: z.literal("audit"),
      tokenFile: file(BEARER_TOKEN).optional(),
    })
    .superRefine(checkTarget);
  const sink = z.discriminatedUnion("type", [sns, webhook, audit], {
    error: "wanted one of sns, webhook and audit",
  });
  return z.strictObject({
    sinks: z.array(sink).max(MOST_SINKS).superRefine(refuseRepeated("name")),
  });
}
