/** A push as its client saw it; times as of `performance.now()`. */
export interface ObservedPush {
  /** Which gateway it was sent to, or `null` by way of HAProxy. */
  readonly gateway: number | null;
  readonly began: number;
  readonly ended: number;
  readonly end: "acknowledged" | "refused" | "unanswered";
}

/** A pull as its client saw it: a token now and then, a manifest by tag, a blob. */
export interface ObservedPull {
  readonly began: number;
  readonly ended: number;
  /** What went wrong, or `null`. */
  readonly failure: string | null;
}

/** What happened to the cluster in one round; times as of `performance.now()`. */
export interface Round {
  readonly fault: string;
  readonly struck: number;
  /** When another node led, or the one that led could go on. */
  readonly promoted: number;
  /** When any node could be lost again. */
  readonly whole: number;
  /** Most connections of one gateway to the ledger meanwhile, those that lead nowhere included. */
  readonly connections: number;
  /** What else is worth telling. */
  readonly remarks: readonly string[];
}

/** What was seen of one round. */
export interface RoundFigures {
  readonly fault: string;
  readonly toPromotion: number;
  /** Milliseconds from the promotion to the first push that each gateway acknowledged, the slowest of them. */
  readonly toPushes: number;
  /** Milliseconds from the promotion to the beginning of the last push that was not answered. */
  readonly toLastUnanswered: number;
  readonly toWhole: number;
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly pulls: number;
  readonly failedPulls: number;
  readonly slowestPull: number;
  readonly connections: number;
}

/**
 * @param round - what happened
 * @param seen - all that clients saw, also at other times
 * @param gateways - how many there are
 * @returns the round's figures; `Infinity` for what did not come about
 */
export function figuresOf(
  round: Round,
  seen: { readonly pushes: readonly ObservedPush[]; readonly pulls: readonly ObservedPull[] },
  gateways: number,
): RoundFigures {
  const { struck, promoted, whole } = round;
  const pushes = seen.pushes.filter(({ began, ended }) => ended >= struck && began < whole);
  const pulls = seen.pulls.filter(({ began, ended }) => ended >= struck && began < whole);
  const firsts = Array.from({ length: gateways }, (_, gateway) =>
    least(
      pushes
        .filter((push) => push.gateway === gateway && push.end === "acknowledged")
        .map(({ ended }) => ended)
        .filter((ended) => ended >= promoted),
    ),
  );
  const unanswered = pushes.filter(({ end }) => end === "unanswered");
  return {
    fault: round.fault,
    toPromotion: promoted - struck,
    toPushes: most(firsts) - promoted,
    toLastUnanswered: most(unanswered.map(({ began }) => Math.max(began - promoted, 0))),
    toWhole: whole - struck,
    acknowledged: pushes.filter(({ end }) => end === "acknowledged").length,
    unanswered: unanswered.length,
    pulls: pulls.length,
    failedPulls: pulls.filter(({ failure }) => failure !== null).length,
    slowestPull: most(pulls.map(({ began, ended }) => ended - began)),
    connections: round.connections,
  };
}

function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), 0);
}
