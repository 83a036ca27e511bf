/** What a reader got: a digest, or `null` where nothing is there. */
export interface ReadEnd {
  readonly digest: string | null;
  /** When it was asked and answered, in milliseconds of one clock. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** A write that is under way. */
export interface OpenWrite {
  /** It was acknowledged. */
  acknowledged(): void;
  /** It was refused, and has changed nothing. */
  refused(): void;
}

/** What names have meant, by the answers to whoever wrote them one after the other. */
export interface Meanings {
  /**
   * @param name - a tag, or a manifest by its digest
   * @param digest - what it means once the write is acknowledged; `null`: nothing
   */
  begin(name: string, digest: string | null): OpenWrite;
  /** @returns whether it may have meant that to a reader, who may be behind by the stated bound */
  isRight(name: string, read: ReadEnd): boolean;
  /** @returns what it was acknowledged to mean last */
  lastOf(name: string): string | null;
}

interface Meaning {
  readonly digest: string | null;
  readonly sentAt: number;
  /** `Infinity`: not acknowledged yet. */
  answeredAt: number;
}

const BEGINNING: Meaning = { digest: null, sentAt: -Infinity, answeredAt: -Infinity };

/**
 * @param boundMilliseconds - for so long after a write was acknowledged readers may get what was before it
 * @param now - milliseconds, by the clock of all reads
 * @returns names that mean nothing yet
 */
export function meanings(boundMilliseconds: number, now: () => number): Meanings {
  const histories = new Map<string, Meaning[]>();
  const historyOf = (name: string): Meaning[] => {
    const history = histories.get(name) ?? [BEGINNING];
    histories.set(name, history);
    return history;
  };
  const possible = (name: string, { sentAt, answeredAt }: ReadEnd): (string | null)[] => {
    const history = historyOf(name);
    return history
      .filter((meaning, i) => {
        const next = history[i + 1];
        const isOver = next !== undefined && next.answeredAt + boundMilliseconds < sentAt;
        return meaning.sentAt <= answeredAt && !isOver;
      })
      .map(({ digest }) => digest);
  };
  return {
    begin: (name, digest) => {
      const history = historyOf(name);
      const meaning: Meaning = { digest, sentAt: now(), answeredAt: Infinity };
      history.push(meaning);
      return {
        acknowledged: () => (meaning.answeredAt = now()),
        refused: () => void history.splice(history.indexOf(meaning), 1),
      };
    },
    isRight: (name, read) => {
      const some = possible(name, read);
      if (some.includes(read.digest)) return true;
      // A tag that meant something which was deleted between its two looks.
      const isGone = (digest: string | null) =>
        digest !== null &&
        historyOf(digest).some(
          ({ digest: after, sentAt }) =>
            after === null && sentAt > -Infinity && sentAt <= read.answeredAt,
        );
      return read.digest === null && some.some(isGone);
    },
    lastOf: (name) =>
      historyOf(name).findLast(({ answeredAt }) => answeredAt < Infinity)?.digest ?? null,
  };
}
