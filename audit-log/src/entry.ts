/** By what somebody was let. */
export interface AuditGrant {
  /** The rule of the access policy that allows it; `null`: their token had no room to say. */
  readonly rule: string | null;
  /** The team of theirs that the rule goes by; absent: it goes by none. */
  readonly team?: string;
  /** The OAuth scope of theirs that the rule goes by; absent: it goes by none. */
  readonly scope?: string;
  /** Fingerprint of the policy, by which its `policy.changed` entry is found. */
  readonly policy: string;
  /** Who made the robot that did it; absent: it was none. */
  readonly maker?: string;
}

/** Who did something and from where. */
export interface AuditActor {
  /** Name; empty for nobody in particular. */
  readonly uid: string;
  readonly realm: string;
  /** How they logged in; `system` for what a service did by itself. */
  readonly kind: string;
  readonly address: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** By what; absent: nothing was asked that says so, as of a service itself, a command, or a token of a version before. */
  readonly grant?: AuditGrant;
}

/** Every kind of thing that is audited. */
export const AUDIT_ACTIONS = [
  "tag.pushed",
  "tag.adopted",
  "tag.refused",
  "tag.deleted",
  "tag.locked",
  "image.marked",
  "tag.drifted",
  "tag.repaired",
  "tag.missing",
  "latest.adopted",
  "manifest.pushed",
  "manifest.deleted",
  "manifest.forgotten",
  "manifest.missing-blob",
  "manifest.repaired",
  "write.ended",
  "source.replaced",
  "repository.described",
  "repository.flagged",
  "in-use.waived",
  "policy.changed",
  "settings.changed",
  "key.rotated",
  "robot.created",
  "robot.rotated",
  "robot.disabled",
  "robot.enabled",
  "registry.created",
  "registry.changed",
  "registry.deleted",
  "directory.changed",
  "service.created",
  "service.rotated",
  "service.deleted",
  "session.begun",
  "session.ended",
  "session.refused",
  "mode.changed",
  "gateway.forgotten",
  "canary.written",
  "garbage.begun",
  "garbage.ended",
  "discovery.begun",
  "discovery.ended",
  "token.created",
  "token.ended",
  "administration.read",
  "outbox.changed",
  "storage.marked",
  "storage.accepted",
  "access.refused",
  "login.failed",
  "pulls.sealed",
  "pulls.forgotten",
  "entries.removed",
] as const;

/** A kind of thing that is audited. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One thing that changed state, or was refused to. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly actor: AuditActor;
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  /** Why it was done or refused. */
  readonly reason: string;
  /** What else belongs to it; small and without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A service acting by itself. */
export const SYSTEM: AuditActor = {
  uid: "",
  realm: "",
  kind: "system",
  address: "",
  userAgent: "",
  requestId: "",
};
