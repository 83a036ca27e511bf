import { heaviest, type Heaviest } from "./heaviest.js";

/** How much was written for repositories within the last hour. */
export interface RepositoryGrowth {
  /** Notes that this was written for a repository, `null` for none. */
  readonly add: (repository: string | null, bytes: number) => void;
  /** @returns the repositories that grew most, in bytes, and what all others did together */
  readonly shown: () => {
    readonly repositories: ReadonlyMap<string, number>;
    readonly others: number;
  };
}

/** Repositories that are shown. */
export const MOST_SHOWN = 20;
/** Repositories told apart at a time. */
const TOLD_APART = 200;
const PERIOD_MILLISECONDS = 5 * 60_000;
const PERIODS = 12;

/**
 * @param now - current time in milliseconds
 * @returns how much repositories grow, in a bounded amount of memory however many there are
 */
export function repositoryGrowth(now: () => number): RepositoryGrowth {
  const periods = new Map<number, Heaviest>();
  const current = () => Math.floor(now() / PERIOD_MILLISECONDS);
  const isOver = (number: number) => number <= current() - PERIODS || number > current();
  const forgetOld = () => {
    for (const number of periods.keys()) if (isOver(number)) periods.delete(number);
  };
  return {
    add: (repository, bytes) => {
      forgetOld();
      const period = periods.get(current()) ?? heaviest(TOLD_APART);
      periods.set(current(), period);
      period.add(repository, bytes);
    },
    shown: () =>
      topOf([...periods].flatMap(([number, period]) => (isOver(number) ? [] : [period]))),
  };
}

function topOf(periods: readonly Heaviest[]): ReturnType<RepositoryGrowth["shown"]> {
  const sums = new Map<string, number>();
  let all = 0;
  for (const { total, entries } of periods) {
    all += total();
    for (const [name, bytes] of entries()) sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  const top = [...sums].sort(([, one], [, other]) => other - one).slice(0, MOST_SHOWN);
  const inTop = top.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { repositories: new Map(top), others: all - inTop };
}
