import type { SNSClient } from "@aws-sdk/client-sns";
import type { Outgoing } from "#service-kit/http/outgoing.js";
import { askedAs } from "#service-kit/http/exchange.js";
import type { Sink } from "../events/sink.js";
import { cloudEvent } from "./cloud-event.js";
import { eventFilter } from "./filter.js";
import { isAboutTag, pierOneMessage } from "./pier-one.js";
import type { RegistryIdentity } from "./registry-name.js";
import { keepsOrder, type SnsSpec } from "./sink-spec.js";
import { snsDeliveryError } from "./sns-errors.js";
import { publication } from "./sns-publication.js";
import { targetOf } from "./target.js";

/**
 * @param spec - topic and filter
 * @param registry - what the registry is called
 * @param connections - by which it is asked
 * @returns a sink that publishes with the credentials of the SDK's default chain
 */
export function snsSink(spec: SnsSpec, registry: RegistryIdentity, connections: Outgoing): Sink {
  const { name, topicArn, region, endpoint, format, timeoutSeconds } = spec;
  let client: SNSClient | undefined;
  const wanted = eventFilter(spec);
  const isPierOne = format === "pierone";
  const url = new URL(endpoint ?? `https://sns.${region}.amazonaws.com`);
  return {
    name,
    kind: "sns",
    target: targetOf(topicArn, endpoint ?? ""),
    ordered: keepsOrder(spec),
    wants: (event) => wanted(event) && (!isPierOne || isAboutTag(event)),
    deliver: async (event, signal) => {
      const body = isPierOne ? pierOneMessage(event, registry.name) : cloudEvent(event, registry);
      const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1_000)]);
      try {
        // Loaded by whoever delivers alone: commands only need to know what the sink wants.
        const { PublishCommand, SNSClient } = await import("@aws-sdk/client-sns");
        const agent = connections.to(url).kept;
        // The outbox tries again, and knows better when.
        client ??= new SNSClient({
          region,
          maxAttempts: 1,
          // Credentials that are asked for elsewhere (STS) come the same way, those of the machine itself directly.
          requestHandler: { [url.protocol === "http:" ? "httpAgent" : "httpsAgent"]: agent },
          ...(endpoint === undefined ? {} : { endpoint }),
        });
        await client.send(new PublishCommand(publication(event, topicArn, body)), { abortSignal });
      } catch (error) {
        throw snsDeliveryError(error, askedAs("SNS", connections.to(url)));
      }
    },
    close: () => {
      client?.destroy();
      return Promise.resolve();
    },
  };
}
