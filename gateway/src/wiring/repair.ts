import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import {
  repairTag,
  type RepairDeps,
  type RepairedTag,
  type RepairOutcome,
} from "../drift/repair-tag.js";
import type { ComparedRegistry } from "../discovery/pass.js";
import { putBack, putPartsBack, type PutBackDeps } from "../ledger/put-back.js";
import type { Bounds } from "../ledger/bounds.js";
import { readMode } from "../mode/sql.js";
import { readStored } from "../upstream/read-stored.js";
import type { Upstream } from "../upstream/upstream.js";
import { tagDigest } from "../upstream/tag-digest.js";

interface RepairParts {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly upstream: Upstream;
  readonly bounds: Bounds;
}

/**
 * @param deps - ledger, audit log and registry
 * @returns what writes a manifest that the registry has lost to it again, in nobody's name
 */
export function openPutBack(deps: RepairParts): ComparedRegistry["putBack"] {
  const puttingBack = puttingBackOf(deps);
  return async (repository, digest, gone) => {
    if ((await readMode(deps.db)).name !== "normal") return false;
    const actor = { ...SYSTEM, requestId: randomUUID() };
    return putBack(puttingBack, { repository, digest, actor, gone });
  };
}

function puttingBackOf(deps: RepairParts): PutBackDeps {
  return {
    ...deps,
    counts: { growth: () => undefined },
    waiting: { pause: (milliseconds) => pause(milliseconds), bounds: deps.bounds },
    newReservation: randomUUID,
  };
}

/**
 * @param deps - ledger, audit log and registry
 * @returns what writes to the registry again what the ledger says
 */
export function openRepair(
  deps: RepairParts,
): (tag: RepairedTag, reason: string) => Promise<RepairOutcome> {
  const { db, log, audit, upstream, bounds } = deps;
  const repairing: RepairDeps = {
    db,
    log,
    audit,
    newReservation: randomUUID,
    upstreamDigest: tagDigest(upstream),
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    putManifest: async ({ repository, tag }, { digest, content, mediaType }, requestId) => {
      if ((await readMode(db)).name !== "normal") return "read-only";
      const errand = { subject: "", clientAddress: "", requestId };
      const reference = { tag };
      const put = { repository, reference, content, mediaType, ...errand };
      const manifest = await readStored({ digest, content, mediaType });
      const actor = { ...SYSTEM, requestId };
      const lost = { repository, actor, gone: new AbortController().signal };
      // An index whose children the registry has lost, too: of the line 3 it need not look for them.
      const isWhole =
        manifest.reading.kind !== "index" ||
        (await putPartsBack(puttingBackOf(deps), lost, manifest));
      return isWhole
        ? (await upstream.putManifest(put)).status
        : FAULTS.MANIFEST_PART_UNKNOWN.status;
    },
    bounds,
  };
  return (tag, reason) => repairTag(repairing, tag, reason);
}
