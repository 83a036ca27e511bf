import { once } from "node:events";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { randomUUID } from "node:crypto";
import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { followEvents } from "#rest-api/operations/events.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";

/** What a stream said at once: an event, or where one is. */
export interface Frame {
  readonly id: string | null;
  readonly name: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly comment: string | null;
}

/** An answer that goes on. */
export interface EventStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All that it said so far. */
  readonly frames: readonly Frame[];
  /** The same, as it came. */
  readonly text: () => string;
  /** @returns the last id that it said */
  readonly place: () => string;
  /** @returns the repositories of its events, with what was done there */
  readonly told: () => readonly string[];
  /** @returns once it has said all that was committed until it was opened */
  caughtUp(): Promise<void>;
  /** @returns once it has said so many events */
  events(count: number): Promise<void>;
  readonly isOver: () => boolean;
  /** Takes nothing more. */
  readonly stall: () => void;
  close(): Promise<void>;
}

/**
 * @param origin - a gateway
 * @param target - path and query
 * @param headers - of the request
 * @returns the stream, its head read
 */
export async function openStream(
  origin: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const asked = request(new URL(target, origin), { headers, agent: false });
  asked.on("error", () => undefined);
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  let isOver = false;
  const frames: Frame[] = [];
  answer.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const parts = text.split("\n\n");
    for (const part of parts.slice(frames.length, -1)) frames.push(frameIn(part));
  });
  answer.on("error", () => undefined).on("close", () => (isOver = true));
  const events = () => frames.filter(({ data }) => data !== null);
  return {
    ...{ status: answer.statusCode ?? 0, headers: answer.headers, frames },
    text: () => text,
    place: () => frames.findLast(({ id }) => id !== null)?.id ?? "",
    told: () => events().map(({ name, data }) => `${name ?? ""} ${data?.["repository"] as string}`),
    caughtUp: () =>
      eventually("the stream has said all", () =>
        frames.some(({ comment }) => comment?.includes("until now") ?? false),
      ),
    events: (count) =>
      eventually(`the stream has said ${count} events`, () => events().length >= count),
    isOver: () => isOver,
    stall: () => {
      answer.pause();
    },
    close: async () => {
      asked.destroy();
      await eventually("the stream is closed", () => isOver);
    },
  };
}

function frameIn(text: string): Frame {
  const lines = text.split("\n");
  const valueOf = (field: string) =>
    lines
      .find((line) => line.startsWith(`${field}:`))
      ?.slice(field.length + 1)
      .trim() ?? null;
  const data = valueOf("data");
  if (data !== null) expectDescribed(valueOf("event"), JSON.parse(data));
  return {
    id: valueOf("id"),
    name: valueOf("event"),
    data: data === null ? null : (JSON.parse(data) as Frame["data"]),
    comment: lines.find((line) => line.startsWith(":")) ?? null,
  };
}

/** @throws where the document says otherwise what an event is */
function expectDescribed(name: string | null, data: unknown): void {
  const form = followEvents.answers[200]?.items?.[name === "missed" ? "Missed" : "Event"];
  if (form === undefined) throw new Error("it is not described what an event is");
  form.parse(data);
}

const record = announcing(recordAudit, [], () => undefined);

/** Something that happens to a tag. */
export interface Happening {
  readonly repository: string;
  readonly action?: AuditAction;
  readonly tag?: string;
}

/**
 * @param tx - a transaction
 * @param happening - what goes on record, and is announced, as the ledger does it
 * @returns the event's id
 */
export async function happen(
  tx: Queryable,
  { repository, action = "tag.pushed", tag = "1.0" }: Happening,
): Promise<string> {
  const push = randomUUID();
  const actor = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };
  const digest = `sha256:${"4fd0417fc8679fb4".repeat(4)}`;
  const detail = { push, previous: null };
  await record(tx, { ...{ actor, action, repository, tag, digest }, reason: "stored", detail });
  return push;
}

/**
 * @param db - ledger
 * @param happenings - each in a transaction of its own
 */
export async function happenAll(db: Database, ...happenings: readonly Happening[]): Promise<void> {
  for (const one of happenings) await db.transaction((tx) => happen(tx, one));
}
