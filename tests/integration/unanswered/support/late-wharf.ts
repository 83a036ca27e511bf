import { join } from "node:path";
import { recordAudit } from "#audit-log/record-audit.js";
import { recoverDeletions } from "#gateway/deletion/recover-deletions.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { tagDigest } from "#gateway/upstream/tag-digest.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { openPutBack, openRepair } from "#gateway/wiring/repair.js";
import { lookAtDeletions } from "#gateway/unanswered/look-at-deletions.js";
import { lookAtWrites } from "#gateway/unanswered/look-at-writes.js";
import { compileTagPolicy, type TagRuleSpec } from "#tag-policy/tag-policy.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { SILENT } from "#tests/support/ledger.js";
import type { TestManifest } from "#tests/integration/tags/support/manifests.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { startLateRegistry, type LateRegistry } from "./late-registry.js";

/** Tags `kept-…` never change. */
const RULES: readonly TagRuleSpec[] = [
  { id: "kept", effect: "immutable", tags: ["kept-*"] },
  { id: "all", effect: "mutable" },
];

/** Gateways in front of a registry, one of them with something between that answers late. */
export interface LateWharf {
  readonly wharf: Wharf;
  readonly between: LateRegistry;
  /** Asks the registry through what is between. */
  readonly behind: TestGateway;
  /** Looks at what the registry has not answered, as every gateway does every few seconds. */
  look(): Promise<void>;
  /** Makes it so long ago that the registry carries it out no more, and all should be as it has to be. */
  outlast(): Promise<void>;
  /** Makes it so long ago that deletions under way are taken for lost. */
  loseDeletions(): Promise<void>;
  /** @returns what the gateways tell of what is not, as of the last look */
  overdue(): { readonly tags: number; readonly manifests: number };
  /** @returns how many tags and manifests somebody has to look at */
  noted(): Promise<number>;
  /** @returns the file that says what a tag means at the registry */
  linkOf(tag: string): string;
  stop(): Promise<void>;
}

export { REPOSITORY };

/**
 * @param file - program of the registry
 * @returns everything, running
 */
export async function startLateWharf(file: string): Promise<LateWharf> {
  const wharf = await startWharf(file, RULES);
  const { registry, db, authority, ledger } = wharf;
  const between = await startLateRegistry(registry.url);
  const behind = await startGateway({
    ...{ registryUrl: between.url, tokenServerUrl: authority.server.url, db, hears: ledger.config },
    ...{ policy: compileTagPolicy(RULES), allowDelete: true },
  });
  const upstream = registryUpstream(registry.url, () => "");
  const parts = { db, log: SILENT, audit: recordAudit };
  const repairing = { ...parts, upstream, bounds: BOUNDS };
  const repair = openRepair(repairing);
  const { signal } = new AbortController();
  const overdue = { tags: 0, manifests: 0 };
  const looking = {
    ...parts,
    counts: { growth: () => undefined },
    upstreamDigest: tagDigest(upstream),
    upstreamManifest: (
      { repository }: { readonly repository: Parameters<typeof upstream.getManifest>[0] },
      digest: TestManifest["digest"],
    ) => upstream.getManifest(repository, digest),
    repair,
    overdue: (count: number) => (overdue.tags = count),
  };
  return {
    overdue: () => ({ ...overdue }),
    ...{ wharf, between, behind },
    look: async () => {
      await db.query("update ledger.unanswered_write set look_at = now() - interval '1 second'");
      await lookAtWrites(looking, signal);
      await recoverDeletions({ ...looking, bounds: BOUNDS }, signal);
      const putBack = openPutBack(repairing);
      const deleting = { ...looking, bounds: BOUNDS, reads: upstream, putBack };
      const told = { overdue: (count: number) => (overdue.manifests = count) };
      await lookAtDeletions({ ...deleting, ...told }, signal);
    },
    loseDeletions: async () => {
      await db.query(
        `update ledger.manifest set deleting_at = deleting_at - interval '61 seconds'
         where deleting_at is not null`,
      );
      await db.query(
        `update ledger.tag set reserved_until = now() - interval '1 second'
         where reservation is not null`,
      );
    },
    outlast: async () => {
      await db.query(
        "update ledger.unanswered_write set late_until = now() - interval '61 seconds'",
      );
      await db.query(
        `update ledger.manifest set late_since = late_since - $1 * interval '1 second'
         where late_since is not null`,
        [BOUNDS.lateSeconds + 61],
      );
    },
    noted: async () => {
      const late = await db.query(
        `select from ledger.unanswered_write union all
         select from ledger.manifest where late_since is not null`,
      );
      return late.rowCount ?? 0;
    },
    linkOf: (tag) => {
      const tags = `docker/registry/v2/repositories/${REPOSITORY}/_manifests/tags`;
      return join(registry.storage ?? "", tags, tag, "current/link");
    },
    stop: async () => {
      await behind.stop();
      await between.stop();
      await wharf.stop();
    },
  };
}
