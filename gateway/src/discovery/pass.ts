import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { ExclusiveSession } from "#service-kit/db/exclusive.js";
import type { AdoptDeps } from "../ledger/adopt.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { paceOf, type Pace } from "./paced.js";
import type { PartReads } from "../upstream/missing-parts.js";
import type { RegistryReads } from "../upstream/registry-reads.js";
import type { RegistryListing } from "#service-kit/http/registry-listing.js";
import type { DriftDeps } from "../drift/note-drift.js";
import type { RepairOutcome } from "../drift/repair-tag.js";
import type { SeenTag } from "../drift/seen-tag.js";
import { newTally, type PassSummary, type Tally } from "./tally.js";

/** The registry, as a pass looks at it. */
export interface ComparedRegistry {
  readonly listing: RegistryListing;
  /** Looks for manifests and their parts at the registry. */
  readonly reads: PartReads & Pick<RegistryReads, "getManifest">;
  /** Writes a manifest that the ledger keeps to the registry again. @returns whether it is there now */
  readonly putBack: (
    repository: RepositoryName,
    digest: Digest,
    gone: AbortSignal,
  ) => Promise<boolean>;
  /** @returns when an image was made, `null` when it does not say. @throws when that cannot be told */
  readonly dateOf: (
    repository: RepositoryName,
    digest: Digest,
    signal: AbortSignal,
  ) => Promise<Date | null>;
}

/** What a pass works with. */
export interface PassDeps extends AdoptDeps {
  readonly policy: TagPolicy;
  readonly registry: ComparedRegistry;
  /**
   * @returns the digest that a tag has at the registry; `supposed` is one that it may have
   * @throws Unreadable when the registry cannot read it, anything else when that cannot be told
   */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  /** Writes what the ledger says to the registry again. */
  readonly repair: (seen: SeenTag, reason: string) => Promise<RepairOutcome>;
  /** Milliseconds of a clock that is never set: else a pass would wait, and keep others from theirs, for as long as it was ahead. */
  readonly now: () => number;
}

/** How a pass is made. */
export interface PassOptions {
  /** Passes in a row that a tag must not be found in before it counts as missing. */
  readonly sightings: number;
  readonly repair: boolean;
  /** How many known tags are compared; the next slice goes on after them. `all`: every one, from the start. */
  readonly slice: number | "all";
  /** Questions about parts of manifests, after which no more are looked at; 0: none. */
  readonly parts: number;
  /** Seconds from the beginning of one round through all tags, or all manifests, to that of the next; absent: no matter. */
  readonly roundSeconds?: number;
  /** Requests a second. */
  readonly perSecond: number;
  /** Whether nothing is changed. */
  readonly dryRun: boolean;
  /** Whether somebody says that this is the registry's storage, whatever it lacks. */
  readonly trusted: boolean;
  /** Whether what mutable tags mean at the registry is taken over; absent: it is drift. */
  readonly taking?: Taking | null;
  readonly signal: AbortSignal;
  /** Told now and then how far it is. */
  readonly progress: (summary: PassSummary) => void;
}

/** What an operator takes over who has given the ledger an older state back. */
export interface Taking {
  /**
   * When gateways worked on that state for the first time, as text; what was pushed since stays, and what was found since counts
   * as pushed before it was lost. `null`: the beginning of the pass.
   */
  readonly since: string | null;
  readonly by: AuditActor;
}

/** A tag, and what it means at the registry. */
export interface TakenTag {
  readonly seen: SeenTag;
  readonly found: Digest;
}

const LISTS_PER_QUESTION = 1.5;

/** Lists cost the registry less than questions about digests. */
export interface Paces {
  readonly questions: Pace;
  readonly lists: Pace;
}

/** A pass under way. */
export interface Pass {
  readonly parts: PassDeps;
  readonly session: ExclusiveSession;
  readonly options: PassOptions;
  readonly tally: Tally;
  readonly pace: Paces;
  /** Ends the pass early: the lock is lost, or the process is to end. */
  readonly signal: AbortSignal;
  /** When it began, by the database's clock. */
  readonly began: string;
  /** What is to be taken over. */
  readonly taken: TakenTag[];
}

/**
 * @param parts - ledger and registry
 * @param session - holds the lock
 * @param options - how the pass is made
 * @param began - when it began, by the database's clock
 * @returns a pass, nothing done yet
 */
export function newPass(
  parts: PassDeps,
  session: ExclusiveSession,
  options: PassOptions,
  began: string,
): Pass {
  const { now } = parts;
  return {
    parts,
    session,
    options,
    tally: newTally(now),
    pace: {
      questions: paceOf(options.perSecond, now),
      lists: paceOf(LISTS_PER_QUESTION * options.perSecond, now),
    },
    signal: AbortSignal.any([options.signal, session.lost]),
    began,
    taken: [],
  };
}

/**
 * @param pass - a pass
 * @returns what of it notes drift
 */
export function driftOf({ parts, signal, tally, options }: Pass): DriftDeps {
  const { db, log, audit, policy, repair } = parts;
  return { db, log, audit, policy, repair, signal, tally, options };
}
