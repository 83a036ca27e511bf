import { DeliveryError, type Sink } from "../events/sink.js";
import { CLOUD_EVENT_TYPE, cloudEvent } from "./cloud-event.js";
import { eventFilter } from "./filter.js";
import { httpPoster, type PosterOptions } from "./http-poster.js";
import type { RegistryIdentity } from "./registry-name.js";
import { secretFile } from "./secret-file.js";
import { keepsOrder, type WebhookSpec } from "./sink-spec.js";
import { signatureHeaders, signingKeys, SIGNING_SECRETS } from "./standard-webhooks.js";
import { targetOf } from "./target.js";

/**
 * @param spec - URL, secrets and filter
 * @param registry - what the registry is called
 * @param by - connections, which whoever made them ends, and what finds addresses
 * @returns a sink that posts signed CloudEvents; its secrets are read anew for every event
 */
export function webhookSink(
  spec: WebhookSpec,
  registry: RegistryIdentity,
  by: Pick<PosterOptions, "connections" | "resolve">,
): Sink {
  const { name, allowLinkLocal } = spec;
  const url = new URL(spec.url);
  const timeoutMilliseconds = spec.timeoutSeconds * 1_000;
  const poster = httpPoster({ url, timeoutMilliseconds, allowLinkLocal, ...by });
  const secrets = secretFile(spec.secretFile, SIGNING_SECRETS);
  return {
    name,
    kind: "webhook",
    target: targetOf(spec.url),
    ordered: keepsOrder(spec),
    wants: eventFilter(spec),
    deliver: async (event, signal) => {
      const keys = signingKeys((await secrets()).reveal());
      if (keys === null) throw new DeliveryError(`${spec.secretFile} holds no signing secret`);
      const body = cloudEvent(event, registry);
      const signature = signatureHeaders({ id: event.id, body }, keys, Date.now());
      await poster.post({ ...signature, "content-type": CLOUD_EVENT_TYPE }, body, signal);
    },
    close: () => Promise.resolve(),
  };
}
