import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { Gauge, type Registry } from "prom-client";
import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingAgain } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { tokenHash } from "./checkpoint.js";
import { checkpointsAfter, checkpointState, type CheckpointRow } from "./sql/checkpoints.js";

/** What remembering needs. */
export interface SeenCheckpointDeps {
  readonly db: Queryable;
  readonly log: Pick<Logger, "error" | "warn">;
  readonly metrics: { readonly registry: Registry };
  /** Where it is remembered, out of the database's reach. */
  readonly file: string;
}

/** A checkpoint that a service has seen. */
const seenSchema = z.object({ number: z.number().int(), at: z.string(), sha256: z.string() });
type SeenCheckpoint = z.infer<typeof seenSchema>;

const LOOK_MILLISECONDS = 2_000;

/**
 * Remembers the newest checkpoint outside of the database, and says loudly when that has less: then it was given an older state
 * back, or another one, and what was acknowledged since is not in it.
 *
 * @param deps - audit log, file, log and metrics
 * @returns a component that looks at its start and every few seconds
 */
export function seenCheckpoint(deps: SeenCheckpointDeps): Component {
  const behind = new Gauge({
    name: "audit_log_behind",
    help: "1 when the database had less than this process had seen before: it was given an older state back",
    aggregator: "max",
    registers: [deps.metrics.registry],
  });
  const failing = lastingWarning(deps.log, "audit.checkpoint-unremembered");
  return lookingAgain("seen checkpoint", LOOK_MILLISECONDS, failing, async () => {
    if (await lookForLess(deps)) behind.set(1);
  });
}

/**
 * @param deps - audit log, file and log
 * @returns whether the database has less than was seen before, which is told once: from then on what it has is remembered
 */
export async function lookForLess({
  db,
  file,
  log,
}: Omit<SeenCheckpointDeps, "metrics">): Promise<boolean> {
  const { last } = await checkpointState(db);
  const seen = await readSeen(file);
  const has = last === null ? null : seenOf(last);
  const isLess = seen !== null && (await isGone(db, seen));
  if (isLess) log.error({ event: "audit.behind", seen, has, see: "docs/backup.md" });
  if (isLess || (has !== null && has.number !== seen?.number)) await writeSeen(file, has);
  return isLess;
}

/** Whether the database does not have it any more, or another one in its place. */
async function isGone(db: Queryable, { number, sha256 }: SeenCheckpoint): Promise<boolean> {
  const [row] = await checkpointsAfter(db, number - 1, 1);
  return row?.number !== number || tokenHash(row.token) !== sha256;
}

function seenOf({ number, at, token }: CheckpointRow): SeenCheckpoint {
  return { number, at: at.toISOString(), sha256: tokenHash(token) };
}

async function readSeen(file: string): Promise<SeenCheckpoint | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  return seenSchema.safeParse(jsonOrNull(text)).data ?? null;
}

/** Of this process alone, and always the same: that it cannot be written is told as one failure. */
const DRAFT = randomUUID();

/** Whoever reads it finds it whole; of several processes with one folder each writes what it has seen. */
async function writeSeen(file: string, seen: SeenCheckpoint | null): Promise<void> {
  const draft = `${file}.${DRAFT}`;
  await writeFile(draft, `${JSON.stringify(seen)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
