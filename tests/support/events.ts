import { SYSTEM } from "#audit-log/entry.js";
import type { RegistryEvent } from "#gateway/events/event.js";

export const DIGEST = `sha256:${"ab".repeat(32)}`;

/**
 * @param differences - from a push of alpha/app:1.0 by alice
 * @returns an event
 */
export function eventWith(differences: Partial<RegistryEvent> = {}): RegistryEvent {
  return {
    id: "7b1f3c1e-5a0d-4f6e-9a52-0c2f1f0f4d11",
    action: "push",
    repository: "alpha/app",
    tag: "1.0",
    digest: DIGEST,
    previousDigest: null,
    actor: {
      ...SYSTEM,
      uid: "alice",
      realm: "/employees",
      kind: "oauth2",
      address: "192.0.2.7",
      userAgent: "docker/28.2",
    },
    occurredAt: new Date("2026-11-20T19:58:06.217Z"),
    reason: "pushed",
    detail: { change: "new" },
    ...differences,
  };
}
