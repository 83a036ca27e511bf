import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Access } from "#registry-protocol/scope.js";
import { UsageError } from "#service-kit/command.js";
import type { Database } from "#service-kit/db/pool.js";
import { registryListing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { createLogger } from "#service-kit/log.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { reportArchives, verifyArchives } from "../archive/verify-archives.js";
import { withArchives } from "../archive/with-archives.js";
import type { AuditConfig } from "../config.js";
import { registryAsker, type AskRegistry } from "../verify/ask-registry.js";
import { registryParts } from "../verify/registry-parts.js";
import { registryTags } from "../verify/registry-tags.js";
import {
  codeWith,
  exitCodeOf,
  reportAll,
  reportParts,
  reportTags,
  reportUnknown,
} from "../verify/report.js";
import { readCuts } from "../sql/cuts.js";
import { unrecordedCuts } from "../verify/verify-cut.js";
import { verifyLog, type VerifiedLog, type VerifyLogDeps } from "../verify/verify-log.js";
import { verifyParts } from "../verify/verify-parts.js";
import { verifyTags } from "../verify/verify-tags.js";
import { verifyUnknown } from "../verify/verify-unknown.js";
import type { CheckpointTrust } from "../verify/walk-checkpoints.js";
import type { AuditCommand } from "./options.js";
import { print } from "./print.js";

const TOKEN_SECONDS = 60;
const SILENT = createLogger("audit", "silent");

/**
 * Verifies all that is asked for, and prints what it found.
 *
 * @param db - audit log and ledger
 * @param config - where registry and keys are
 * @param command - what is asked for
 * @param progress - told how far it is
 * @returns the exit code
 * @throws UsageError where no registry is named
 */
export async function verify(
  db: Database,
  config: AuditConfig,
  { registry, kept, archive: folder }: Extract<AuditCommand, { name: "verify" }>,
  progress: (text: string) => void,
): Promise<number> {
  const url = registry === null ? null : (registry.url ?? config.registryUrl);
  if (registry !== null && url === null)
    throw new UsageError("--registry: wanted a URL, here or in REGISTRY_URL");
  const trust = { ...trustOf(config), kept, progress };
  const log = folder === null ? await verifyLog(db, trust) : await verifyWhole(db, folder, trust);
  print(reportAll(log));
  const archives = folder === null ? null : await verifyArchives(db, folder, trust.anchors);
  if (archives !== null) print(reportArchives(archives));
  const code = (archives?.findings ?? []).length === 0 ? exitCodeOf(log) : 1;
  if (url === null) return code;
  const { ask, listing } = await openRegistry(config, url);
  const tags = await verifyTags({ db, registry: registryTags(ask), progress });
  print(reportTags(tags));
  const unknown = await verifyUnknown({ db, listing, registry: registryTags(ask), progress });
  print(reportUnknown(unknown));
  if (registry?.blobs !== true) return codeWith(code, [tags, unknown]);
  const parts = await verifyParts({ db, questions: registryParts(db, ask), progress });
  print(reportParts(parts));
  return codeWith(code, [tags, unknown, parts]);
}

/** What has left with what has not: also that each time it left is on record. */
async function verifyWhole(
  db: Database,
  folder: string,
  trust: VerifyLogDeps,
): Promise<VerifiedLog> {
  const cuts = await readCuts(db);
  return withArchives(db, { ...trust, folder }, async (whole) => {
    const log = await verifyLog(whole, trust);
    return { ...log, findings: [...log.findings, ...(await unrecordedCuts(whole, cuts))] };
  });
}

/**
 * @param config - where certificates are
 * @returns whom to believe of checkpoints, none of which was kept elsewhere
 */
export function trustOf({ trustFile }: AuditConfig): CheckpointTrust {
  return { anchors: parseCertificates(readFileSync(trustFile, "utf8"), trustFile), kept: [] };
}

/** The registry answers those alone who sign as the gateway does. */
async function openRegistry(
  config: AuditConfig,
  url: string,
): Promise<{ ask: AskRegistry; listing: RegistryListing }> {
  const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
  const authorization = (subject: string, access: readonly Access[]) => {
    const token = signRegistryToken(keys.active(), {
      issuer: config.upstreamIssuer,
      audience: config.upstreamService,
      ...{ subject, access },
      tokenId: randomUUID(),
      issuedAt: Math.floor(Date.now() / 1000),
      lifetimeSeconds: TOKEN_SECONDS,
    });
    return `Bearer ${token}`;
  };
  const pulling = (name: string): Access => ({ type: "repository", name, actions: ["pull"] });
  return {
    ask: registryAsker(url, (repository) => authorization("", [pulling(repository)])),
    listing: registryListing(url, authorization),
  };
}
