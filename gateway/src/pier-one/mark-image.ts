import { z } from "zod";
import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Fault } from "#registry-protocol/faults.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Database } from "#service-kit/db/pool.js";
import { readSource } from "../scm/sql/scm-source.js";
import { markImage } from "./sql/marks.js";
import { tagOf, type ImageTagDeps } from "./tags.js";

/** What marking needs. */
export interface MarkDeps extends ImageTagDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
}

const schema = z.strictObject({ incident_id: z.string().min(1).max(100) });

/**
 * Marks the image that a tag means as ready for production, for good.
 *
 * @param deps - ledger and audit log
 * @param key - the tag
 * @param body - `{"incident_id": …}`
 * @param actor - who does it, and may push there
 * @throws Fault NOT_FOUND, REQUEST_INVALID, SCM_SOURCE_UNKNOWN without an SCM source, CONFLICT when it is marked already
 */
export async function markReady(
  deps: MarkDeps,
  { repository, tag }: TagKey,
  body: unknown,
  actor: AuditActor,
): Promise<void> {
  const asked = schema.safeParse(body);
  if (!asked.success)
    throw new Fault("REQUEST_INVALID", { message: 'wanted is {"incident_id": "…"}' });
  const { digest } = await tagOf(deps, repository, tag);
  if ((await readSource(deps.db, { repository, digest })) === null)
    throw new Fault("SCM_SOURCE_UNKNOWN");
  const incident = asked.data.incident_id;
  await deps.db.transaction(async (tx) => {
    if (!(await markImage(tx, { repository, digest, incident, by: actor.uid })))
      throw new Fault("CONFLICT", { message: "the image is marked already" });
    const reason = "marked as ready for production";
    const entry = { action: "image.marked", actor, repository, tag, digest, reason } as const;
    await deps.audit(tx, { ...entry, detail: { incident } });
  }, repository);
}
