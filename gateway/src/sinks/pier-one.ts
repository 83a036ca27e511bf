import type { EventAction, NewEvent, RegistryEvent } from "../events/event.js";
import { isObject } from "#service-kit/is-object.js";
import { teamAndArtifact } from "./registry-name.js";

/**
 * @param event - an event that is about a tag
 * @param registry - name of the registry
 * @returns what Pier One publishes about a stored tag
 */
export function pierOneMessage(event: RegistryEvent, registry: string): string {
  const { team, artifact } = teamAndArtifact(event);
  return JSON.stringify({ registry, team, image: artifact, tag: event.tag });
}

/** Pier One knows the first of them alone. */
const EVENT_NAMES: Readonly<Record<EventAction, string>> = {
  push: "docker-tag-uploaded",
  delete: "docker-tag-deleted",
  lock: "docker-tag-locked",
  refused: "docker-tag-refused",
  drift: "docker-tag-drifted",
  pull: "docker-tag-pulled",
};

/**
 * @param event - an event that is about a tag
 * @param registry - name of the registry
 * @returns the audit event that Pier One sends about a stored tag; for other actions one of the same form
 */
export function pierOneAuditEvent(event: RegistryEvent, registry: string): string {
  const { actor, tag, action } = event;
  const { scmSource } = event.detail;
  const isSystem = actor.kind === "system";
  return JSON.stringify({
    event_type: { namespace: "cloud.zalando.com", name: EVENT_NAMES[action], version: "1" },
    triggered_at: event.occurredAt.toISOString(),
    triggered_by: {
      type: isSystem ? "SYSTEM" : "USER",
      id: isSystem ? "wharfinger" : actor.uid,
      additional: { realm: actor.realm },
    },
    payload: {
      ...(isObject(scmSource) ? { scm_source: scmSource } : {}),
      tag: { ...teamAndArtifact(event), tag, repository: registry },
    },
  });
}

/**
 * @param event - what happened
 * @returns whether Pier One's forms can say it: they have no place for a manifest without a tag
 */
export function isAboutTag(event: NewEvent): boolean {
  return event.tag !== null;
}
