import { z } from "zod";
import { isLine } from "#registry-protocol/text.js";

/** Longest texts that go into columns, in characters: a repository's name has at most 255. */
const MOST = { id: 200, action: 100, repository: 255, tag: 128, digest: 200 } as const;
/** Deeper than any registry nests, and far from what a database refuses to parse. */
const MOST_DEPTH = 32;
/** Registries send one or few at once; so many are stored well within the time that a statement has. */
const MOST_EVENTS = 10_000;

const column = (most: number) =>
  z.string().max(most).refine(isLine, "must not contain control characters");
const optionalColumn = (most: number) => column(most).nullish();

/** What of an event is needed; the rest is kept, not read (distribution, notifications/event.go). */
const eventSchema = z.looseObject({
  id: column(MOST.id).min(1),
  action: column(MOST.action).min(1),
  target: z
    .looseObject({
      repository: optionalColumn(MOST.repository),
      tag: optionalColumn(MOST.tag),
      digest: optionalColumn(MOST.digest),
      mediaType: z.string().nullish(),
      url: z.string().nullish(),
    })
    .nullish(),
  request: z
    .looseObject({
      addr: z.string().nullish(),
      method: z.string().nullish(),
      useragent: z.string().nullish(),
    })
    .nullish(),
  actor: z.looseObject({ name: z.string().nullish() }).nullish(),
});

/** An event of the registry, understood. */
export interface RegistryNotification {
  readonly id: string;
  readonly action: string;
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  /** Whether it is about a manifest; layers and configurations have events too. */
  readonly isManifest: boolean;
  readonly method: string;
  readonly userAgent: string;
  readonly address: string;
  /** Subject of the token, empty for nobody. */
  readonly uid: string;
  /** The event as JSON, unknown fields too; not its bytes: a number beyond 2^53 has lost digits. */
  readonly content: string;
}

/** Bytes that cannot be understood, or not wholly, and why. */
export interface DeadLetter {
  readonly reason: string;
  readonly content: Buffer;
  /** Bytes that were sent, more than `content` has when it was cut. */
  readonly size: number;
}

/** What an envelope says. */
export interface Envelope {
  readonly events: readonly RegistryNotification[];
  /** At most one: the whole envelope. */
  readonly dead: readonly DeadLetter[];
}

const KNOWN_ACTIONS = ["push", "pull", "mount", "delete"] as const;

/** Action of an event, bounded so that it can label a metric. */
export type EventAction = (typeof KNOWN_ACTIONS)[number] | "other";

/**
 * Never refuses: of an envelope of which a part cannot be understood, the rest counts. It is then kept as a whole
 * besides, since the bytes of a part are not known once it is parsed.
 *
 * @param body - body of a notification
 * @returns its events, and the body when something in it is none
 */
export function parseEnvelope(body: Buffer): Envelope {
  const letter = (reason: string) => ({ reason, content: body, size: body.length });
  const whole = (reason: string) => ({ events: [], dead: [letter(reason)] });
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return whole("it is not JSON");
  }
  const envelope = z.looseObject({ events: z.array(z.unknown()) }).safeParse(parsed);
  if (!envelope.success) return whole("it has no list of events");
  if (envelope.data.events.length > MOST_EVENTS)
    return whole(`it has more than ${MOST_EVENTS} events`);
  const parts = envelope.data.events.map(parseEvent);
  const events = parts.flatMap((part) => (part.understood ? [part.notification] : []));
  const reasons = parts.flatMap((part) => (part.understood ? [] : [part.reason]));
  return { events, dead: reasons.length === 0 ? [] : [letter(summaryOf(reasons))] };
}

function summaryOf([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first}; and ${others.length} more that are none`;
}

/**
 * @param action - action of an event
 * @returns it when known, else `other`
 */
export function eventAction(action: string): EventAction {
  return KNOWN_ACTIONS.find((known) => known === action) ?? "other";
}

type ParsedEvent =
  | { readonly understood: true; readonly notification: RegistryNotification }
  | { readonly understood: false; readonly reason: string };

function parseEvent(raw: unknown): ParsedEvent {
  if (isDeeperThan(raw, MOST_DEPTH))
    return { understood: false, reason: "an event is nested too deeply" };
  const parsed = eventSchema.safeParse(raw);
  if (!parsed.success) return { understood: false, reason: reasonOf(parsed.error) };
  const { id, action, target, request, actor } = parsed.data;
  const repository = orNull(target?.repository);
  if (repository === null && eventAction(action) !== "other")
    return { understood: false, reason: "an event without a repository" };
  return {
    understood: true,
    notification: {
      id,
      action,
      repository,
      tag: orNull(target?.tag),
      digest: orNull(target?.digest),
      isManifest: isManifest(target),
      method: request?.method ?? "",
      userAgent: request?.useragent ?? "",
      address: request?.addr ?? "",
      uid: actor?.name ?? "",
      content: JSON.stringify(raw),
    },
  };
}

/** Blobs have the media type of bytes, whatever is in them; 3.x says neither when something is deleted. */
function isManifest(target: z.infer<typeof eventSchema>["target"]): boolean {
  if (orNull(target?.tag) !== null) return true;
  return (
    /\/manifests\/[^/]+$/.test(target?.url ?? "") || /manifest|index/.test(target?.mediaType ?? "")
  );
}

/** 3.x sends empty texts for what it does not know. */
function orNull(text: string | null | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

function reasonOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return `an event that is none: ${path === "" ? "" : `${path}: `}${issue?.message ?? "invalid"}`;
}

function isDeeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? (Object.values(one) as unknown[]) : [],
    );
  }
  return false;
}
