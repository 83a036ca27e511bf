import { parseArgs } from "node:util";
import { SYSTEM, type AuditActor } from "#audit-log/entry.js";
import { understood, UsageError } from "#service-kit/command.js";
import { durationSeconds } from "#service-kit/duration.js";
import { numberOption } from "#service-kit/number-option.js";
import { pointInTime } from "#service-kit/point-in-time.js";
import { DISCOVERY_RATES } from "../../config/record-settings.js";
import type { Taking } from "../../discovery/pass.js";
import { operator } from "#audit-log/operator.js";

/** What the command is to do. */
export interface DiscoverCommand {
  /** Who orders what gateways do not do by themselves; `null`: nothing of that is wanted. */
  readonly by: AuditActor | null;
  readonly dryRun: boolean;
  readonly repair: boolean;
  readonly slice: boolean;
  /** Whether the registry is also asked for what it leaves out of its lists. */
  readonly hidden: boolean;
  readonly taking: Taking | null;
  readonly waitSeconds: number;
  /** Where names are read from; `null`: the registry's own lists. */
  readonly place: string | null;
  /** Questions a second; `null`: as the gateway's passes. */
  readonly rate: number | null;
}

const MOST_WAIT_SECONDS = 86_400;

/**
 * @param argv - arguments
 * @param env - environment, which may say who has become another by sudo
 * @returns what they ask for
 * @throws UsageError when they cannot be understood
 */
export function parseCommand(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
): DiscoverCommand {
  const { values } = understood(() =>
    parseArgs({
      args: [...argv],
      options: {
        "dry-run": { type: "boolean", default: false },
        repair: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        slice: { type: "boolean", default: false },
        hidden: { type: "boolean", default: false },
        "accept-registry": { type: "boolean", default: false },
        since: { type: "string" },
        wait: { type: "string", default: "0" },
        rate: { type: "string" },
        by: { type: "string" },
        storage: { type: "string" },
      },
    }),
  );
  const { repair, all, slice, hidden } = values;
  if (all && slice) throw new UsageError("--all and --slice: only one of them");
  const takes = values["accept-registry"];
  if (takes && (slice || repair))
    throw new UsageError("--accept-registry: neither with --slice nor with --repair");
  if (values.since !== undefined && !takes)
    throw new UsageError("--since: only with --accept-registry");
  const dryRun = values["dry-run"];
  // Without either it does what gateways do by themselves.
  const by = !dryRun && (takes || repair) ? operator(values.by, env) : null;
  const taking = takes ? { since: timeOf(values.since), by: by ?? SYSTEM } : null;
  const waitSeconds = durationSeconds("--wait", values.wait, MOST_WAIT_SECONDS);
  const rate =
    values.rate === undefined ? null : numberOption("--rate", values.rate, DISCOVERY_RATES);
  const place = values.storage ?? null;
  if (hidden && place !== null) throw new UsageError("--hidden and --storage: only one of them");
  return { by, dryRun, repair, slice, hidden, taking, waitSeconds, rate, place };
}

function timeOf(text: string | undefined): string | null {
  return text === undefined ? null : pointInTime("--since", text, Date.now()).toISOString();
}
