/**
 * Every advisory lock of ours, since two pieces of work with one number would keep each other from being done. A test
 * compares them, and finds whoever takes a lock that is not here. Postgres keeps locks with one key apart from those
 * with two; they hold for one database, and for whatever runs on any machine.
 */

/** What is done by one at a time: locks with one key. A number stays the same as long as older versions may run beside. */
export const WORK_LOCKS = {
  /** Migrations of any schema: others wait. */
  migration: 7_246_391,
  /** A checkpoint of the audit log: others leave it. */
  checkpoint: 7_246_392,
  /** A pass of discovery: others leave it, the command says so. */
  discovery: 7_246_393,
  /** The collection of garbage, and the end of the read-only mode. */
  collection: 7_246_394,
  /** Pulls are written down one replica after the other, so that none waits for another in a circle. */
  pulls: 7_246_395,
  /** The storage's first marker is written by one gateway: others look again. */
  storage: 7_246_396,
  /** What was changed is added to what lists go by, one replica after the other. */
  catalog: 7_246_397,
  /** A certificate is got by one replica: others look again. */
  certificate: 7_246_398,
  /** Events that were delivered long ago are forgotten: others leave it. */
  "old events": 7_305_118,
} as const;

/** What is done by one at a time for each of many subjects: locks with two keys, the second is the subject's hash. */
export const SUBJECT_LOCKS = {
  /** By repository: deletions of manifests see commits of pushes, which share it, and are seen by them. */
  deletion: 0x0ddf00d,
  /** By repository: a transaction puts all its events into the queues before another one does. */
  queues: 7_305_119,
  /** By kind of fact: one replica puts it on record. */
  facts: 7_305_120,
  /** By owner: refresh tokens are counted and ended one login after the other. */
  "refresh tokens": 7_305_121,
} as const;

/** A piece of work with a lock of its own. */
export type WorkLock = keyof typeof WORK_LOCKS;
/** A piece of work with a lock for each subject. */
export type SubjectLock = keyof typeof SUBJECT_LOCKS;
