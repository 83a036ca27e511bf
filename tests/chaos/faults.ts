import { pause } from "#local/processes/wait.js";
import { signalTree } from "#tests/support/process-table.js";
import { PARTS, type Fleet, type KillablePart } from "./fleet.js";

/** Something that goes wrong with a part. */
export interface ChaosFault {
  readonly part: KillablePart;
  /**
   * `killed`: its connections end, and whoever talks to it knows (kill -9). `silent`: it is there and says nothing for a
   * while (SIGSTOP). `lost`: its host is gone, and nobody is told; another one takes its place.
   */
  readonly kind: "killed" | "silent" | "lost";
}

export const KILLS: readonly ChaosFault[] = PARTS.map((part) => ({ part, kind: "killed" }));

const LEDGER_AND_REGISTRY = ["gateway", "registry", "postgres"] as const;
/** What nobody is told of. */
export const SILENCES: readonly ChaosFault[] = LEDGER_AND_REGISTRY.flatMap((part) => [
  { part, kind: "silent" },
  { part, kind: "lost" },
]);

/**
 * @param fleet - the parts
 * @param fault - what goes wrong
 * @param options - with which of several gateways, any number; for how many milliseconds, if that can be chosen
 */
export async function strike(
  fleet: Fleet,
  { part, kind }: ChaosFault,
  options: { readonly instance: number; readonly milliseconds: number },
): Promise<void> {
  const { instance, milliseconds } = options;
  if (kind === "killed") {
    await fleet.killAndAwait(part, instance);
  } else if (kind === "silent") {
    const pid = await fleet.processOf(part, instance);
    signalTree(pid, "SIGSTOP");
    await pause(milliseconds);
    signalTree(pid, "SIGCONT");
  } else {
    // The first gateway is on the machine of what it leans on: another one can be lost.
    const lost = fleet.waysOf(part, instance).length === 0 ? instance + 1 : instance;
    const ways = fleet.waysOf(part, lost);
    for (const way of ways) way.lose();
    const found = pause(milliseconds).then(() => {
      for (const way of ways) way.find();
    });
    await Promise.all([fleet.killAndAwait(part, lost), found]);
  }
}

/** @returns a fault in words */
export function wordsOf({ part, kind }: ChaosFault): string {
  return `${part} ${kind}`;
}
