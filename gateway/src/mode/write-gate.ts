import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RequestKind } from "#registry-protocol/request.js";
import type { Mode } from "./mode.js";

/** Where every write passes on its way to the registry. */
export interface WriteGate {
  /**
   * @param kind - what is asked for
   * @param cut - ends the request if it still waits for its client; called once the time to drain is over
   * @returns to be called once, when the request has come to its end
   * @throws Fault READ_ONLY with the reason, or UNAVAILABLE, when nothing may be written at present
   */
  admit(kind: RequestKind, cut: () => void): () => void;
  /** From now on this mode counts. */
  follow(mode: Mode): void;
  /** From now on nothing is admitted that writes, and whoever asks gets this; `null`: the mode alone counts. */
  shut(fault: Fault | null): void;
  /** Cuts what began before the time to drain was over and still waits for its client. */
  cutLate(): void;
  /** @returns the mode that counts; `null` until it is known */
  mode(): Mode | null;
  /** @returns writes that were admitted and have not ended */
  writes(): number;
}

/**
 * @param now - milliseconds of a clock that is never set
 * @returns a gate that is shut until it is told the mode: garbage may be being collected
 */
export function writeGate(now: () => number = () => performance.now()): WriteGate {
  let mode: Mode | null = null;
  let shutBy: Fault | null = null;
  let drainedAt = 0;
  const writes = new Set<{ readonly cut: () => void }>();
  const isDraining = () => now() < drainedAt;
  return {
    admit: (kind, cut) => {
      const share = shareOf(kind);
      if (share === "reads") return () => undefined;
      const passes = mode?.name === "normal" || (share === "goes-on" && isDraining());
      if (!passes) throw refusal(mode);
      if (shutBy !== null) throw shutBy;
      const write = { cut };
      writes.add(write);
      return () => {
        writes.delete(write);
      };
    },
    follow: (next) => {
      mode = next;
      drainedAt = now() + next.drainSeconds * 1_000;
    },
    shut: (fault) => {
      shutBy = fault;
    },
    cutLate: () => {
      if (mode?.name !== "read-only" || isDraining()) return;
      for (const { cut } of writes) cut();
    },
    mode: () => mode,
    writes: () => writes.size,
  };
}

/** What a request means for the registry's content; uploads that have begun may go on for a while. */
function shareOf(kind: RequestKind): "reads" | "begins" | "goes-on" {
  switch (kind) {
    case "base":
    case "extensions.list":
    case "extensions.of":
    case "catalog":
    case "tags.list":
    case "tags.described":
    case "tag.history":
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

function refusal(mode: Mode | null): Fault {
  if (mode === null)
    return new Fault("UNAVAILABLE", {
      message: "whether anything may be pushed is not known yet; try again",
    });
  return new Fault("READ_ONLY", { message: `${FAULTS.READ_ONLY.message}: ${mode.reason}` });
}
