import type { AuditActor } from "#audit-log/entry.js";

/** What can be announced. `refused` is a refused push, `drift` what the registry has otherwise. */
export const EVENT_ACTIONS = ["push", "delete", "lock", "refused", "drift", "pull"] as const;

/** What happened to a tag or manifest. */
export type EventAction = (typeof EVENT_ACTIONS)[number];

/** Something that happened and is announced to sinks. */
export interface RegistryEvent {
  /** UUID; the same whenever this event is delivered. */
  readonly id: string;
  readonly action: EventAction;
  /** Full name, `team/artifact`. */
  readonly repository: string;
  /** `null` when it happened to a manifest and no tag of it. */
  readonly tag: string | null;
  readonly digest: string | null;
  /** What the tag meant before, if anything else. */
  readonly previousDigest: string | null;
  readonly actor: AuditActor;
  readonly occurredAt: Date;
  /** Why or how it came about. */
  readonly reason: string;
  /** What else is known; small and without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What of an event is there before the database dates it. */
export type NewEvent = Omit<RegistryEvent, "occurredAt">;
