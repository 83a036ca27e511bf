import type { EnvReader } from "#service-kit/config.js";
import { BOUNDS, type Bounds } from "../ledger/bounds.js";

/**
 * @param read - reader that collects faults
 * @returns how long what nobody knows may stay so
 */
export function readBounds(read: EnvReader): Bounds {
  return {
    undecidedSeconds: read.integer(
      "UNDECIDED_SECONDS",
      BOUNDS.undecidedSeconds,
      { min: 60, max: 86_400 },
      "how long a push or deletion whose outcome the registry cannot tell keeps its tag from others; then it is ended, on " +
        "record (docs/ledger.md)",
    ),
    lateSeconds: read.integer(
      "REGISTRY_LATE_SECONDS",
      BOUNDS.lateSeconds,
      { min: 60, max: 86_400 },
      "how long the registry may still carry out what it has not answered: a token of the gateway's for it lives 300 s, " +
        "and the registry allows for 60 s more; as long, what came of it is looked for (docs/ledger.md)",
    ),
  };
}
