import { lastingFailure } from "#service-kit/lasting-failure.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { lookAgain, lookAtStorage, type LookDeps } from "./look-at-storage.js";
import { readStorage, type KnownStorage } from "./sql.js";
import { takeStep, type SteppingRegistry, type Steps } from "./take-step.js";
import { storageFault, whyShut, type StorageState } from "./storage-state.js";

/** Knows whether the registry has its storage. */
export interface StorageWatch extends Component {
  /** Looks now. @returns what is known then */
  look(): Promise<StorageState>;
  /**
   * Looks unless that was done lately, and no connection to the registry was closed since: as long as they stand it runs.
   *
   * @returns what is known, and whether that was seen lately
   */
  lookLately(): Promise<{ readonly state: StorageState; readonly isSeen: boolean }>;
  /**
   * To be called when the registry has said something from which anything follows.
   *
   * @throws Fault UNAVAILABLE when it may have said so of another storage
   */
  sure(): Promise<void>;
  /**
   * To be called before something is written there.
   *
   * @throws Fault UNAVAILABLE when it may be written to another storage, since the registry was started anew
   */
  beforeWrite(): Promise<void>;
}

/** What watching needs. */
export interface WatchDeps extends LookDeps {
  readonly registry: LookDeps["registry"] & SteppingRegistry;
  readonly steps: Steps;
  /** Told what is known, after every look, and at once that nothing is. */
  readonly follow: (state: StorageState) => void;
}

const LOOK_MILLISECONDS = { right: 2_000, unknown: 500, doubted: 2_000 } as const;
/** While nothing follows from what the registry says. Each look is a line of its log, and gateways are idle most of the time. */
const IDLE_LOOK_MILLISECONDS = 10_000;
/** Of a registry whose connections have not been closed. Where they are, it is looked at before anything counts. */
const SURE_MILLISECONDS = 100;

/**
 * @param deps - ledger and registry, and who wants to know
 * @param now - milliseconds of a clock that is never set
 * @returns a component that looks at its start and every few seconds
 */
export function storageWatch(
  deps: WatchDeps,
  now: () => number = () => performance.now(),
): StorageWatch {
  const { log, follow } = deps;
  let state: StorageState = { kind: "unknown" };
  let known: KnownStorage | null = null;
  let [lookedAt, closedThen] = [-Infinity, 0];
  let isUsed = false;
  const unseen = lastingFailure((fields) => {
    log.warn({ event: "storage.unseen", known: state.kind, ...fields });
  });
  const doubt = lastingFailure((fields) => {
    log.error({ event: "storage.wrong", ...fields });
  });
  const stepping = lastingFailure((fields) => {
    log.warn({ event: "storage.no-step", ...fields });
  });
  const become = (next: StorageState): void => {
    if (next.kind === "doubted") doubt.failed(new Error(next.reason));
    else doubt.worked();
    if (next.kind === "right" && state.kind === "doubted") log.warn({ event: "storage.right" });
    state = next;
    follow(next);
  };
  const { closedConnections } = deps.registry;
  const beginning = (): [number, number] => {
    isUsed = false;
    return [now(), closedConnections()];
  };
  const looking = oneAtOnce(async (): Promise<void> => {
    const began = beginning();
    try {
      known = await readStorage(deps.db);
    } catch (error) {
      // What the ledger said before still says which storage it is.
      if (known?.isWritten !== true) throw error;
    }
    const seen = await lookAtStorage(deps, known);
    if (seen.kind === "right" && known?.isWritten !== true) known = await readStorage(deps.db);
    become(seen);
    [lookedAt, closedThen] = began;
  });
  const looksAgain = oneAtOnce(async (): Promise<void> => {
    // What it has come to since another gateway may have noted; an older copy has what was known here before.
    if (closedConnections() !== closedThen) return looking();
    if (known?.isWritten !== true) return;
    const began = beginning();
    become(await lookAgain(deps, known));
    [lookedAt, closedThen] = began;
  });
  const throwUnlessSure = (): void => {
    if (state.kind === "doubted") throw storageFault(whyShut(state) ?? "");
    // It was started again, and cannot be seen since.
    if (state.kind === "right" && closedConnections() !== closedThen)
      throw storageFault("whether the registry still has its storage cannot be told");
  };
  // Where there is no verdict, what was known stays.
  const look = async (): Promise<StorageState> => {
    await looking().then(unseen.worked, unseen.failed);
    return state;
  };
  const isSeenLately = (): boolean =>
    state.kind === "right" &&
    now() - lookedAt < IDLE_LOOK_MILLISECONDS &&
    closedConnections() === closedThen;
  const round = async (): Promise<number> => {
    if (isSeenLately() && !isUsed) return LOOK_MILLISECONDS.right;
    const { kind } = await look();
    if (kind === "right" && deps.mode()?.name === "normal")
      await takeStep(deps).then(stepping.worked, stepping.failed);
    return LOOK_MILLISECONDS[kind];
  };
  follow(state);
  const rounds = repeating("storage", LOOK_MILLISECONDS.unknown, round);
  return {
    ...rounds,
    start: async () => {
      await look();
      await rounds.start();
    },
    look,
    lookLately: async () => {
      if (!isSeenLately()) await look();
      return { state, isSeen: isSeenLately() };
    },
    sure: async () => {
      isUsed = true;
      const isOld = now() - lookedAt > SURE_MILLISECONDS || closedConnections() !== closedThen;
      if (state.kind === "right" && isOld) await looksAgain().then(unseen.worked, unseen.failed);
      throwUnlessSure();
    },
    beforeWrite: async () => {
      isUsed = true;
      // As long as connections are kept it is the same process: then what was seen last counts, and nobody waits.
      if (state.kind === "right" && closedConnections() !== closedThen)
        await looksAgain().then(unseen.worked, unseen.failed);
      throwUnlessSure();
    },
  };
}

/** Whoever comes while it is under way waits for that. */
function oneAtOnce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () =>
    (running ??= work().finally(() => {
      running = null;
    }));
}
