import { Fault } from "#registry-protocol/faults.js";
import type { RequestKind } from "#registry-protocol/request.js";
import { NORMAL, type Mode } from "./mode.js";

/** Where every write passes on its way to the registry. */
export interface WriteGate {
  /**
   * @param kind - what is asked for
   * @returns to be called once, when the request has come to its end
   * @throws Fault UNAVAILABLE with the reason when nothing may be written at present
   */
  admit(kind: RequestKind): () => void;
  /** From now on this mode counts. */
  follow(mode: Mode): void;
  /** @returns the mode that counts */
  mode(): Mode;
  /** @returns writes that were admitted and have not ended */
  writes(): number;
}

/** Long enough that clients do not hammer, short enough that a push goes on soon after the change back. */
const RETRY_AFTER_SECONDS = 30;

/**
 * @param now - milliseconds of a clock that is never set
 * @returns a gate that is open until it is told otherwise
 */
export function writeGate(now: () => number = () => performance.now()): WriteGate {
  let mode = NORMAL;
  let drainedAt = 0;
  let writes = 0;
  return {
    admit: (kind) => {
      const share = shareOf(kind);
      if (share === "reads") return () => undefined;
      const passes = mode.name === "normal" || (share === "goes-on" && now() < drainedAt);
      if (!passes) throw refusal(mode);
      writes += 1;
      return () => {
        writes -= 1;
      };
    },
    follow: (next) => {
      mode = next;
      drainedAt = now() + next.drainSeconds * 1_000;
    },
    mode: () => mode,
    writes: () => writes,
  };
}

/** What a request means for the registry's content; uploads that have begun may go on for a while. */
function shareOf(kind: RequestKind): "reads" | "begins" | "goes-on" {
  switch (kind) {
    case "base":
    case "catalog":
    case "tags.list":
    case "referrers.list":
    case "manifest.read":
    case "blob.read":
    case "upload.status":
      return "reads";
    case "upload.start":
    case "manifest.put-by-tag":
    case "manifest.put-by-digest":
    case "manifest.delete":
    case "blob.delete":
      return "begins";
    case "upload.continue":
    case "upload.cancel":
      return "goes-on";
  }
}

function refusal({ reason }: Mode): Fault {
  return new Fault("UNAVAILABLE", {
    message: `read-only for now, try again later: ${reason}`,
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}
