import { isObject } from "#service-kit/is-object.js";
import type { EventAction, RegistryEvent } from "../events/event.js";
import { subjectOf, teamAndArtifact, type RegistryIdentity } from "./registry-name.js";

/** Media type of one event in structured mode (CloudEvents 1.0, JSON event format, section 3). */
export const CLOUD_EVENT_TYPE = "application/cloudevents+json";

const PAST: Readonly<Record<EventAction, string>> = {
  push: "pushed",
  delete: "deleted",
  lock: "locked",
  refused: "refused",
  drift: "drifted",
  pull: "pulled",
};

/**
 * @param event - what happened
 * @param registry - where
 * @returns a CloudEvent (1.0) in JSON; the same text whenever it is made
 */
export function cloudEvent(event: RegistryEvent, registry: RegistryIdentity): string {
  const { id, action, repository, tag, digest, previousDigest, actor, reason } = event;
  const subject = subjectOf(event);
  const { scmSource, count, firstAt, lastAt } = event.detail;
  return JSON.stringify({
    specversion: "1.0",
    id,
    source: registry.uri,
    type: `io.wharfinger.${tag === null ? "manifest" : "tag"}.${PAST[action]}`,
    subject,
    time: event.occurredAt.toISOString(),
    datacontenttype: "application/json",
    data: {
      action,
      registry: registry.name,
      repository,
      ...teamAndArtifact(event),
      tag,
      digest,
      previousDigest,
      reference: `${registry.name}/${subject}`,
      actor: { uid: actor.uid, realm: actor.realm, kind: actor.kind },
      reason,
      ...recordOf(event),
      ...(isObject(scmSource) ? { scmSource } : {}),
      ...(action === "pull" ? { pulls: { count, firstAt, lastAt } } : {}),
    },
  });
}

/** What the audit log has beside the event that tells consumers what to do, under the names it has there. */
function recordOf({ action, detail }: RegistryEvent): Readonly<Record<string, unknown>> {
  const { recordedAs, found, missing, rule, held } = detail;
  const record = typeof recordedAs === "string" ? { recordedAs } : {};
  if (action === "drift") {
    // That a tag is missing says all there is: the audit log has no digest for it.
    const digest = recordedAs === "tag.missing" ? null : found;
    return {
      ...record,
      ...(digest === undefined ? {} : { found: digest }),
      ...(Array.isArray(missing) ? { missing } : {}),
    };
  }
  if (action !== "refused") return record;
  return {
    ...record,
    ...(rule === undefined ? {} : { rule }),
    ...(held === undefined ? {} : { held }),
  };
}
