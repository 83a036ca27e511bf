import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import type { Row, Shown } from "../output/shown.js";
import type { Shell } from "./shell.js";

/** Of which sink and repository, and how many at most. */
export interface Narrowed {
  readonly sink?: string;
  readonly repository?: string;
  readonly limit?: number;
}

/** @returns what waits, and what stepped out of its queue's way */
export async function showOutbox(
  shell: Shell,
  { sink, repository, limit }: Narrowed,
): Promise<Shown> {
  const path = withQuery("/outbox", { sink, repository, limit });
  const value = await callAs(await shell.client(), { id: "outbox.read", path });
  return {
    kind: "list",
    columns: [
      { key: "sink", kind: "name" },
      { key: "what" },
      { key: "of", kind: "name" },
      { key: "waiting", kind: "number" },
      { key: "failed", kind: "number" },
      { key: "since", kind: "time", drop: 2 },
      { key: "next", kind: "time", drop: 1 },
      { key: "error" },
    ],
    rows: rowsOf(value),
    value,
    empty: "nothing waits",
    note: value.backlogs
      .map(({ sink: name, waiting, dead: given }) => `${name}: ${waiting} wait, ${given} given up`)
      .join("; "),
  };
}

function rowsOf({ stops, queues, aside }: AnswerOf<"outbox.read">): Row[] {
  return [
    ...stops.map(({ sink, reason, stoppedAt }) => ({
      ...{ sink, what: "stopped", of: "", since: stoppedAt, error: reason },
    })),
    ...queues.map(({ sink, repository, waiting, attempts, oldest, dueAt, lastError }) => ({
      ...{ sink, what: "queue", of: repository, waiting, failed: attempts },
      ...{ since: oldest, next: dueAt, error: lastError },
    })),
    ...aside.map(({ sink, attempts, dueAt, lastError, event, ...of }) => ({
      ...{ sink, what: `beside ${event}`, of: nameOf(of), waiting: 1, failed: attempts },
      ...{ next: dueAt, error: lastError },
    })),
  ];
}

/** @returns what was given up, and why */
export async function showDead(
  shell: Shell,
  { sink, repository, limit }: Narrowed,
): Promise<Shown> {
  const path = withQuery("/outbox/dead", { sink, repository, limit });
  const { items } = await callAs(await shell.client(), { id: "outbox.dead", path });
  return {
    kind: "list",
    columns: [
      { key: "event", kind: "name" },
      { key: "sink" },
      { key: "action" },
      { key: "of", kind: "name" },
      { key: "occurredAt", head: "happened", kind: "time", drop: 1 },
      { key: "attempts", kind: "number" },
      { key: "lastError", head: "error" },
    ],
    rows: items.map((item) => ({ ...item, of: nameOf(item) })),
    value: items,
    empty: "nothing was given up",
  };
}

function nameOf(of: {
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}): string {
  return of.tag === null ? `${of.repository}@${of.digest ?? ""}` : `${of.repository}:${of.tag}`;
}
