import type { AuditAction } from "#audit-log/entry.js";
import { DECIDING_SETTINGS as GATEWAY_SETTINGS } from "#gateway/config/deciding-settings.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { DECIDING_SETTINGS as TOKEN_SERVER_SETTINGS } from "#token-server/config/deciding-settings.js";

/** Where the table stands. */
export const AUDIT_EVENTS_DOCUMENT = "docs/audit-events.md";

/** Who stands in an entry: who asked, and by what they may; who asked; who ran a command; nobody in particular; the service. */
export type EventActor = "granted" | "caller" | "command" | "unknown" | "system";

/** Something that happens, and what of it is on record. */
export interface AuditEvent {
  readonly event: string;
  readonly action: AuditAction;
  readonly actor: EventActor;
  /** What the entry is about. */
  readonly about: readonly ("repository" | "tag" | "digest")[];
  /** Keys of its detail that are always there. */
  readonly detail: readonly string[];
  /** Keys that may be there besides. */
  readonly perhaps?: readonly string[];
  /** Operations of the REST API that make it. */
  readonly operations?: readonly string[];
  /** Commands that make it, by the folders of their main files. */
  readonly commands?: readonly string[];
  /** The test that shows it; absent: `tests/integration/audit-log/every-event.test.ts` performs it. */
  readonly shownBy?: string;
}

const COUNTED = ["count", "firstAt", "lastAt"] as const;
const BY_TAG_RULE = ["tagRule", "tagPolicy"] as const;
const A_TAG = ["repository", "tag", "digest"] as const;
const REGISTRY = ["service", "url", "insecure", "restricted", "publications", "responsibles", "description"] as const; // prettier-ignore
const ROBOT = ["login", "team", "grants", "expiresAt"] as const;
/** Noted by the routes of the gateway for each operation of administrators that changes nothing. */
const ADMINISTRATORS_CHANGES = [
  "mode.change",
  "outbox.change",
  "repositories.set-flags",
  "in-use.waive",
];
const ADMINISTRATORS_READS = OPERATIONS.filter(
  ({ by, who, id }) =>
    by === "gateway" && who === "administrator" && !ADMINISTRATORS_CHANGES.includes(id),
).map(({ id }) => id);

const integration = (name: string) => `tests/integration/${name}.test.ts`;

// prettier-ignore
export const AUDIT_EVENTS: readonly AuditEvent[] = [
  { event: "a tag is pushed", action: "tag.pushed", actor: "granted", about: A_TAG, detail: ["change", "push", ...BY_TAG_RULE], perhaps: ["since", "scmSource"] },
  { event: "a mutable tag is moved by a push", action: "tag.pushed", actor: "granted", about: A_TAG, detail: ["change", "push", "previous", ...BY_TAG_RULE], perhaps: ["scmSource"] },
  { event: "a push is refused for the tag's sake", action: "tag.refused", actor: "granted", about: A_TAG, detail: ["rule", "held", ...BY_TAG_RULE], perhaps: ["registry", "refusal", "repeats", "since"] },
  { event: "a manifest is pushed by its digest", action: "manifest.pushed", actor: "granted", about: ["repository", "digest"], detail: ["change"] },
  { event: "a push names another source than the one that is known", action: "source.replaced", actor: "granted", about: A_TAG, detail: ["scmSource", "previous"], shownBy: integration("tags/scm-source") },
  { event: "a tag is deleted", action: "tag.deleted", actor: "granted", about: A_TAG, detail: ["registry", ...BY_TAG_RULE], shownBy: integration("tags/odd-objects") },
  { event: "a manifest is deleted", action: "manifest.deleted", actor: "granted", about: ["repository", "digest"], detail: ["registry"], commands: ["gateway/src/commands/delete-untagged"], shownBy: integration("tags/delete-manifest") },
  { event: "a manifest that was past, or deleted long ago, is forgotten", action: "manifest.forgotten", actor: "system", about: ["repository", "digest"], detail: ["bytes", "keepDays"], shownBy: integration("tags/past-manifests") },
  { event: "a tag is locked", action: "tag.locked", actor: "granted", about: A_TAG, detail: BY_TAG_RULE, operations: ["tags.lock"] },
  { event: "a repository is described", action: "repository.described", actor: "granted", about: ["repository"], detail: ["before", "description"], operations: ["repositories.set-description"] },
  { event: "a repository is called official", action: "repository.flagged", actor: "granted", about: ["repository"], detail: ["before", "official", "automated"], operations: ["repositories.set-flags"] },
  { event: "an image is marked as ready for production", action: "image.marked", actor: "granted", about: A_TAG, detail: ["incident"], shownBy: integration("gateway/pier-one") },
  { event: "a tag of the registry, or of a Pier One, comes into the ledger", action: "tag.adopted", actor: "system", about: A_TAG, detail: BY_TAG_RULE, perhaps: ["change", "previous", "from", "pushedBy", "pushedAt", "scmSource"], commands: ["gateway/src/commands/migrate-pierone"], shownBy: integration("discovery/passes") },
  { event: "what virtual latest means is found out", action: "latest.adopted", actor: "system", about: A_TAG, detail: ["createdAt"], shownBy: integration("tags/inherited-latest") },
  { event: "a tag means something else at the registry", action: "tag.drifted", actor: "system", about: A_TAG, detail: ["found"], shownBy: integration("discovery/drift") },
  { event: "what the ledger says is written to the registry again", action: "tag.repaired", actor: "system", about: A_TAG, detail: [], shownBy: integration("discovery/drift") },
  { event: "the registry lacks a tag", action: "tag.missing", actor: "system", about: ["repository", "tag"], detail: ["sightings"], shownBy: integration("discovery/absence") },
  { event: "the registry lacks a part of a manifest", action: "manifest.missing-blob", actor: "system", about: ["repository", "digest"], detail: ["missing", "count"], shownBy: integration("discovery/missing-parts") },
  { event: "a manifest is put back from the ledger", action: "manifest.repaired", actor: "system", about: ["repository", "digest"], detail: [], shownBy: integration("discovery/missing-parts") },
  { event: "what cannot be settled is ended", action: "write.ended", actor: "command", about: A_TAG, detail: ["kind", "begunBy", "requestId"], commands: ["gateway/src/commands/mode"], shownBy: integration("unanswered/ended") },
  { event: "a request that would have changed something is refused", action: "access.refused", actor: "caller", about: ["repository"], detail: ["code", "method", "route", ...COUNTED], perhaps: ["rule"] },
  { event: "a login is refused", action: "login.failed", actor: "unknown", about: [], detail: ["shown", "outcome", ...COUNTED], perhaps: ["account"] },
  { event: "a client keeps a login", action: "token.created", actor: "caller", about: [], detail: ["client", ...COUNTED] },
  { event: "the owner ends kept logins", action: "token.ended", actor: "caller", about: [], detail: ["tokens"], perhaps: ["id"], operations: ["refresh-tokens.end", "refresh-tokens.end-all"] },
  { event: "a kept login ends otherwise", action: "token.ended", actor: "caller", about: [], detail: COUNTED, shownBy: integration("token-server/kept-logins") },
  { event: "a robot is made", action: "robot.created", actor: "caller", about: [], detail: ROBOT, operations: ["robots.create"] },
  { event: "a robot gets a new secret", action: "robot.rotated", actor: "caller", about: [], detail: ROBOT, perhaps: ["previousEndsAt"], operations: ["robots.rotate"] },
  { event: "a robot is disabled", action: "robot.disabled", actor: "caller", about: [], detail: ROBOT, operations: ["robots.disable"] },
  { event: "a robot is enabled", action: "robot.enabled", actor: "caller", about: [], detail: ROBOT, operations: ["robots.enable"] },
  { event: "a registry registers itself, or somebody makes one", action: "registry.created", actor: "caller", about: [], detail: REGISTRY, operations: ["registries.create"], shownBy: integration("token-server/registries") },
  { event: "a registry is changed", action: "registry.changed", actor: "caller", about: [], detail: ["service", "before"], perhaps: ["url", "insecure", "restricted", "publications", "responsibles", "description"], operations: ["registries.change"], shownBy: integration("token-server/registries") },
  { event: "a registry is taken away", action: "registry.deleted", actor: "caller", about: [], detail: [...REGISTRY, "ended"], operations: ["registries.delete"], shownBy: integration("token-server/registries") },
  { event: "the directory is changed", action: "directory.changed", actor: "caller", about: [], detail: [], perhaps: ["login", "primaryTeam", "name", "code", "responsibles", "publications", "privilege", "holder"], operations: ["directory.change"], shownBy: integration("token-server/directory") },
  { event: "a service is made", action: "service.created", actor: "caller", about: [], detail: ["name", "app", "workload"], operations: ["services.create"], shownBy: integration("token-server/directory") },
  { event: "a service gets a new secret", action: "service.rotated", actor: "caller", about: [], detail: ["name", "app", "workload"], perhaps: ["previousEndsAt"], operations: ["services.rotate"], shownBy: integration("token-server/directory") },
  { event: "a service is no more", action: "service.deleted", actor: "caller", about: [], detail: ["name", "app", "workload"], operations: ["services.delete"], shownBy: integration("token-server/directory") },
  { event: "somebody logs in on the web page", action: "session.begun", actor: "caller", about: [], detail: COUNTED, operations: ["session.begin"], shownBy: integration("rest-api/sessions") },
  { event: "logging in on the web page by an OpenID provider's page comes to nothing", action: "session.refused", actor: "unknown", about: [], detail: COUNTED, shownBy: integration("oidc/logging-in") },
  { event: "a login on the web page ends by a logout, or since what it was made of does", action: "session.ended", actor: "caller", about: [], detail: COUNTED, operations: ["session.end"], shownBy: integration("rest-api/sessions") },
  { event: "somebody ends logins on the web page by their list: their own, or as an administrator others'", action: "session.ended", actor: "granted", about: [], detail: ["of", "sessions"], perhaps: ["id"], operations: ["sessions.end", "sessions.end-all"], shownBy: integration("rest-api/session-list") },
  { event: "an administrator looks at others' sessions", action: "administration.read", actor: "granted", about: [], detail: ["operation", ...COUNTED], shownBy: integration("rest-api/session-list") },
  { event: "an administrator lets something be deleted that is in use", action: "in-use.waived", actor: "granted", about: ["repository", "digest"], detail: ["endsAt"], operations: ["in-use.waive"], shownBy: integration("in-use/deletions") },
  { event: "an administrator looks at what is others'", action: "administration.read", actor: "granted", about: [], detail: ["operation", ...COUNTED], perhaps: ["team"], operations: ADMINISTRATORS_READS },
  { event: "an administrator looks at what the token server has of others", action: "administration.read", actor: "caller", about: [], detail: ["operation", ...COUNTED], perhaps: ["team"], operations: ["robots.exceeding", "access.explain-for", "policy.test"] },
  { event: "the mode is changed over REST", action: "mode.changed", actor: "granted", about: [], detail: ["mode", "before"], perhaps: ["drainSeconds"], operations: ["mode.change"] },
  { event: "the mode is changed by a command", action: "mode.changed", actor: "command", about: [], detail: ["mode", "before"], perhaps: ["drainSeconds"], commands: ["gateway/src/commands/mode"] },
  { event: "a gateway is not waited for any more", action: "gateway.forgotten", actor: "command", about: [], detail: ["gateway"], commands: ["gateway/src/commands/mode"] },
  { event: "a canary is written, which a collection of garbage has to remove", action: "canary.written", actor: "command", about: ["repository", "digest"], detail: ["processes"], commands: ["gateway/src/commands/mode"], shownBy: integration("mode/canary") },
  { event: "what waits to be announced is changed over REST", action: "outbox.changed", actor: "granted", about: [], detail: [], perhaps: ["sink", "event", "since", "events", "queues"], operations: ["outbox.change"] },
  { event: "what waits to be announced is changed by a command", action: "outbox.changed", actor: "command", about: [], detail: [], perhaps: ["sink", "event", "since", "events", "queues"], commands: ["gateway/src/commands/outbox"] },
  { event: "garbage is to be collected", action: "garbage.begun", actor: "command", about: [], detail: [], perhaps: ["registry", "deleteUntagged", "manifests"], commands: ["deploy/local/commands/collect-garbage.ts", "gateway/src/commands/delete-untagged"], shownBy: integration("mode/on-record") },
  { event: "garbage was collected", action: "garbage.ended", actor: "command", about: [], detail: [], perhaps: ["blobs", "bytes", "seconds", "deleted", "kept", "gone"], commands: ["deploy/local/commands/collect-garbage.ts", "gateway/src/commands/delete-untagged"], shownBy: integration("mode/on-record") },
  { event: "somebody orders a repair", action: "discovery.begun", actor: "command", about: [], detail: ["of", "hidden", "storage"], perhaps: ["since"], commands: ["gateway/src/commands/discover"], shownBy: integration("mode/on-record") },
  { event: "a repair that somebody ordered has ended", action: "discovery.ended", actor: "command", about: [], detail: ["done"], perhaps: ["adopted", "taken", "repaired", "driftLeft", "missing", "errors", "seconds"], commands: ["gateway/src/commands/discover"], shownBy: integration("mode/on-record") },
  { event: "the registry's storage gets its marker", action: "storage.marked", actor: "system", about: A_TAG, detail: ["id"], shownBy: integration("storage/wrong-storage") },
  { event: "somebody says which storage is the right one", action: "storage.accepted", actor: "command", about: A_TAG, detail: ["id", "wasThere"], commands: ["gateway/src/commands/storage"], shownBy: integration("storage/wrong-storage") },
  { event: "the access policy, rules for tags or logins are others", action: "policy.changed", actor: "system", about: [], detail: ["subject", "fingerprint", "path"], perhaps: ["rules", "changed", "more", "changedBy", "saidBy", "since"] },
  { event: "a service starts with other settings that decide", action: "settings.changed", actor: "system", about: [], detail: ["subject", "fingerprint", "settings"], perhaps: ["changed", "changedBy", "saidBy", "since"] },
  { event: "a service has other keys", action: "key.rotated", actor: "system", about: [], detail: ["subject", "fingerprint", "keys"], perhaps: ["since"], commands: ["service-kit/src/signing"] },
  { event: "a day's pulls are over", action: "pulls.sealed", actor: "system", about: [], detail: ["day", "records", "pulls", "sha256"], shownBy: integration("audit-log/pull-days") },
  { event: "entries of a month leave for their archive", action: "entries.removed", actor: "command", about: [], detail: ["month", "sha256", "checkpoint", "checkpointSha256", "entries"], commands: ["audit-log/src/commands"], shownBy: integration("audit-log/left-entries") },
  { event: "pulls of long ago are forgotten", action: "pulls.forgotten", actor: "system", about: [], detail: ["through", "keepDays"], shownBy: integration("audit-log/pull-days") },
];

/** Commands that change nothing, or nothing that is on record, and why. */
export const COMMANDS_WITHOUT_ENTRY: Readonly<Record<string, string>> = {
  "gateway/src/commands/doctor": "looks, and changes nothing",
  "service-kit/src/tls": "makes files beside the services, for listeners",
};

/** Operations that could seem to need an entry, and why they have none. */
export const OPERATIONS_WITHOUT_ENTRY: Readonly<Record<string, string>> = {
  "in-use.report": "says what runs, anew every few minutes; the reports themselves are kept",
  "repositories.star": "somebody likes a repository, which decides nothing",
  "repositories.unstar": "somebody likes a repository no more, which decides nothing",
};

const ACTORS: Readonly<Record<EventActor, string>> = {
  granted: "who asked, with `grant`",
  caller: "who asked",
  command: "who ran it",
  unknown: "nobody: where from alone",
  system: "the service",
};

/** @returns the document, before prettier */
export function auditEventsDocument(): string {
  const rows = AUDIT_EVENTS.map((row) =>
    [
      row.event,
      `\`${row.action}\``,
      ACTORS[row.actor],
      code(row.about),
      code(row.detail),
      code(row.perhaps ?? []),
      code([...(row.operations ?? []), ...(row.commands ?? [])]),
    ].join(" | "),
  );
  const settings = [...new Set([...GATEWAY_SETTINGS, ...TOKEN_SERVER_SETTINGS])].sort();
  return `# Every event, and what of it is on record

Made from \`tests/documents/audit-events.ts\`; \`tests/integration/audit-log/every-event.test.ts\` performs the events by the real services, and holds their entries
against it. A kind of entry, an operation of the REST API or a command that is not here fails a test. What the fields mean is in
[audit-log.md](audit-log.md#what-is-recorded).

| event | action | actor | about | detail, always | detail, perhaps | by |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join("\n")}

Without an entry: ${Object.entries(COMMANDS_WITHOUT_ENTRY)
    .map(([name, why]) => `\`${name}\` (${why})`)
    .join(", ")}.

## Settings that decide

\`settings.changed\` has of each service those of them that are given, URLs without credentials: ${code(settings)}.
`;
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
