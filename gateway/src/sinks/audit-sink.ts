import { BEARER_TOKEN } from "#service-kit/secret-form.js";
import type { Sink } from "../events/sink.js";
import { eventFilter } from "./filter.js";
import { httpPoster, type PosterOptions } from "./http-poster.js";
import { isAboutTag, pierOneAuditEvent } from "./pier-one.js";
import type { RegistryIdentity } from "./registry-name.js";
import { secretFile } from "./secret-file.js";
import { keepsOrder, type AuditSpec } from "./sink-spec.js";
import { targetOf } from "./target.js";

/**
 * @param spec - URL, token and filter
 * @param registry - what the registry is called
 * @param by - connections, which whoever made them ends, and what finds addresses
 * @returns a sink that posts Pier One's audit events; a token in a file is read anew for every event
 */
export function auditSink(
  spec: AuditSpec,
  registry: RegistryIdentity,
  by: Pick<PosterOptions, "connections" | "resolve">,
): Sink {
  const { name, allowLinkLocal } = spec;
  const url = new URL(spec.url);
  const timeoutMilliseconds = spec.timeoutSeconds * 1_000;
  const poster = httpPoster({ url, timeoutMilliseconds, allowLinkLocal, ...by });
  const wanted = eventFilter(spec);
  const ofFile = spec.tokenFile === undefined ? null : secretFile(spec.tokenFile, BEARER_TOKEN);
  return {
    name,
    kind: "audit",
    target: targetOf(spec.url),
    ordered: keepsOrder(spec),
    wants: (event) => wanted(event) && isAboutTag(event),
    deliver: async (event, signal) => {
      const token = ofFile === null ? spec.token : await ofFile();
      const headers = {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
      };
      await poster.post(headers, pierOneAuditEvent(event, registry.name), signal);
    },
    close: () => Promise.resolve(),
  };
}
