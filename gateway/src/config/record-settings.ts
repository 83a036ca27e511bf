import { statSync } from "node:fs";
import { readChangedBy } from "#audit-log/changed-by.js";
import type { CheckpointInterval } from "#audit-log/checkpointer.js";
import type { EnvReader } from "#service-kit/config.js";
import type { DiscoverySettings } from "../discovery/settings.js";
import { parseReporters, type Reporter } from "../in-use/reporters.js";

/** Questions to the registry about digests that passes may ask, per second. */
export const DISCOVERY_RATES = { min: 1, max: 100_000 } as const;

/** A century. */
const MOST_DAYS = 36_500;

/** How long what is on record outside of the ledger is kept, and when the audit log's state is signed. */
export interface RecordSettings {
  /** Days after which who pulled is forgotten. */
  readonly pullRecordDays: number;
  /** Days for which a pull or a report keeps a manifest from being deleted; 0: it does not. */
  readonly keepInUseDays: number;
  /** Days for which a manifest is kept that no tag means any more; 0: for ever. */
  readonly keepPastManifestsDays: number;
  /** Who deployed the service; `null`: nobody says so. */
  readonly changedBy: string | null;
  /** Who may report what runs. */
  readonly inUseReporters: readonly Reporter[];
  /** Hours after which an event that cannot be delivered is given up, and days for which events are kept. */
  readonly outbox: { readonly retryHours: number; readonly keepDays: number };
  /** When the audit log's state is signed. */
  readonly checkpoints: CheckpointInterval;
  /** Where the newest checkpoint is remembered; `null`: beside the keys. */
  readonly stateFolder: string | null;
}

/**
 * @param read - reader that collects faults
 * @returns how long things are kept
 */
export function readRecordSettings(read: EnvReader): RecordSettings {
  const pullRecordDays = read.integer(
    "PULL_RECORD_DAYS",
    90,
    { min: 1, max: MOST_DAYS },
    "when who pulled is forgotten (docs/pulls.md); counts stay",
  );
  return {
    pullRecordDays,
    ...readInUseSettings(read, pullRecordDays),
    keepPastManifestsDays: read.integer(
      "KEEP_PAST_MANIFESTS_DAYS",
      0,
      { min: 0, max: MOST_DAYS },
      "after how many days a manifest is forgotten that no tag means any more, nothing needs and nobody pulls; 0: never " +
        "(docs/past-manifests.md)",
    ),
    outbox: {
      retryHours: read.integer(
        "EVENT_RETRY_HOURS",
        72,
        { min: 1, max: 720 },
        "how long an event that a sink does not take is tried again",
      ),
      keepDays: read.integer(
        "EVENT_KEEP_DAYS",
        30,
        { min: 1, max: 3_650 },
        "how long delivered events are kept",
      ),
    },
    checkpoints: {
      entries: read.integer(
        "AUDIT_CHECKPOINT_ENTRIES",
        1_000,
        { min: 1, max: 1_000_000, unit: "entries" },
        "a signed checkpoint of the audit log is made after so many (docs/audit-log.md)",
      ),
      seconds: read.integer(
        "AUDIT_CHECKPOINT_SECONDS",
        60,
        { min: 1, max: 86_400 },
        "and after so much time; seconds after the last entry where no other follows",
      ),
    },
    stateFolder: readStateFolder(read),
    changedBy: readChangedBy(read.on("The process")),
  };
}

function readInUseSettings(
  read: EnvReader,
  pullRecordDays: number,
): Pick<RecordSettings, "keepInUseDays" | "inUseReporters"> {
  const keepInUseDays = read.integer(
    "KEEP_IN_USE_DAYS",
    0,
    { min: 0, max: MOST_DAYS },
    "for how long a manifest cannot be deleted after somebody who logged in pulled it, or a report named it; 0: it can " +
      "(docs/in-use.md)",
  );
  if (keepInUseDays > pullRecordDays && keepInUseDays <= MOST_DAYS)
    read.fault(
      "KEEP_IN_USE_DAYS",
      `given ${keepInUseDays}, wanted at most PULL_RECORD_DAYS (${pullRecordDays}): what is older is forgotten`,
    );
  const text = read.optionalText("IN_USE_REPORTERS", {
    meaning: "who may report what runs (docs/in-use.md): `uid@realm`, separated by commas",
    wanted: "logins",
    absent: "nobody",
  });
  const inUseReporters = text === null ? [] : parseReporters(text);
  if (inUseReporters === null)
    read.fault("IN_USE_REPORTERS", "wanted logins as in robot-alpha-cluster@/robots, by commas");
  return { keepInUseDays, inUseReporters: inUseReporters ?? [] };
}

function readStateFolder(read: EnvReader): string | null {
  const folder = read.optionalText("STATE_DIR", {
    meaning:
      "where a gateway remembers the newest checkpoint that it has seen, out of the database's reach (docs/backup.md); " +
      "wanted where `KEYS_DIR` cannot be written to",
    wanted: "folder",
    absent: "`KEYS_DIR`",
  });
  const found = folder === null ? null : statSync(folder, { throwIfNoEntry: false });
  if (found !== null && found?.isDirectory() !== true)
    read.fault("STATE_DIR", `given ${JSON.stringify(folder)}, wanted a folder`);
  return folder;
}

/**
 * @param read - reader that collects faults
 * @returns when ledger and registry are compared
 */
export function readDiscoverySettings(read: EnvReader): DiscoverySettings {
  return {
    seconds: read.integer(
      "DISCOVERY_SECONDS",
      120,
      { min: 0, max: 86_400 },
      "how often ledger and registry are compared, from the beginning of one pass to that of the next, over all " +
        "replicas; 0: never (docs/discovery.md)",
    ),
    sightings: read.integer(
      "DISCOVERY_SIGHTINGS",
      3,
      { min: 1, max: 1_000, unit: "passes" },
      "passes in a row that have to miss a tag before it counts as missing",
    ),
    repair: read.flag(
      "DISCOVERY_REPAIR",
      false,
      "`true` puts drifted and missing tags back from the stored manifest",
    ),
    slice: read.integer(
      "DISCOVERY_SLICE",
      2_000,
      { min: 1, max: 10_000_000, unit: "tags" },
      "known tags compared in one automatic pass: a million tags and a pass every 2 minutes take 17 hours",
    ),
    parts: read.integer(
      "DISCOVERY_PARTS",
      500,
      { min: 0, max: 10_000_000, unit: "questions" },
      "questions in one pass whether parts of manifests (layers, configurations, children) still stand; the next pass " +
        "goes on after them; 0: none",
    ),
    roundSeconds: read.integer(
      "DISCOVERY_ROUND_SECONDS",
      3_600,
      { min: 0, max: 31_536_000 },
      "how long a round through all tags, and one through all manifests, takes at least: between two of them passes ask " +
        "for lists alone, and for what was wrong; 0: the next one begins at once",
    ),
    perSecond: read.integer(
      "DISCOVERY_RATE",
      200,
      { ...DISCOVERY_RATES, unit: "per second" },
      "questions to the registry about digests",
    ),
  };
}
