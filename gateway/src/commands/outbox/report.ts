import { printable } from "#audit-log/printable.js";
import type { AsideEvent } from "../../outbox/sql/aside.js";
import type { Backlog } from "../../outbox/sql/backlog.js";
import type { SinkStop } from "../../outbox/sql/stops.js";
import type { DeadDelivery, WaitingQueue } from "../../outbox/sql/list.js";

/**
 * @param backlogs - what waits, by sink
 * @param queues - queues with something in them
 * @param now - current time
 * @returns lines to print
 */
export function reportQueues(
  backlogs: readonly Backlog[],
  queues: readonly WaitingQueue[],
  now: Date,
): string[] {
  if (backlogs.length === 0) return ["nothing waits"];
  const sinks = backlogs.map(({ sink, waiting, oldestSeconds, dead }) => [
    sink,
    String(waiting),
    oldestSeconds === null ? "-" : durationOf(oldestSeconds),
    String(dead),
  ]);
  const lines = table(["SINK", "WAITING", "OLDEST", "GIVEN UP"], sinks);
  if (queues.length === 0) return lines;
  const rows = queues.map((queue) => [
    queue.sink,
    queue.repository,
    String(queue.waiting),
    durationOf((now.getTime() - queue.oldest.getTime()) / 1_000),
    String(queue.attempts),
    nextOf(queue, now),
    queue.lastError ?? "",
  ]);
  const heads = ["SINK", "REPOSITORY", "WAITING", "OLDEST", "FAILED", "NEXT", "LAST ERROR"];
  return [...lines, "", ...table(heads, rows)];
}

/**
 * @param stops - sinks that are stopped
 * @param now - current time
 * @returns lines to print, none when none is
 */
export function reportStops(stops: readonly SinkStop[], now: Date): string[] {
  if (stops.length === 0) return [];
  const rows = stops.map(({ sink, reason, stoppedAt }) => [
    sink,
    `${durationOf((now.getTime() - stoppedAt.getTime()) / 1_000)} ago`,
    reason,
  ]);
  return [...table(["SINK", "STOPPED", "BECAUSE"], rows), ""];
}

/**
 * @param aside - events that wait beside their queues
 * @param now - current time
 * @returns lines to print, none when none does
 */
export function reportAside(aside: readonly AsideEvent[], now: Date): string[] {
  if (aside.length === 0) return [];
  const rows = aside.map((one) => [
    one.event,
    one.sink,
    subjectOf(one),
    String(one.attempts),
    nextOf(one, now),
    one.lastError ?? "",
  ]);
  return ["", ...table(["BESIDE ITS QUEUE", "SINK", "OF", "FAILED", "NEXT", "LAST ERROR"], rows)];
}

/**
 * @param dead - events that were given up
 * @returns lines to print
 */
export function reportDead(dead: readonly DeadDelivery[]): string[] {
  if (dead.length === 0) return ["nothing was given up"];
  const rows = dead.map((one) => [
    one.event,
    one.sink,
    one.action,
    subjectOf(one),
    one.occurredAt.toISOString(),
    String(one.attempts),
    one.lastError,
  ]);
  return table(["EVENT", "SINK", "ACTION", "OF", "HAPPENED", "ATTEMPTS", "LAST ERROR"], rows);
}

function subjectOf(of: Pick<DeadDelivery, "repository" | "tag" | "digest">): string {
  return of.tag === null ? `${of.repository}@${of.digest ?? ""}` : `${of.repository}:${of.tag}`;
}

function nextOf({ claimed, dueAt }: Pick<WaitingQueue, "claimed" | "dueAt">, now: Date): string {
  if (claimed) return "at work";
  const seconds = (dueAt.getTime() - now.getTime()) / 1_000;
  return seconds <= 0 ? "now" : `in ${durationOf(seconds)}`;
}

function durationOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** The last column is as long as it is. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heads, ...rows.map((row) => row.map((cell) => printable(cell)))];
  const widths = heads.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
