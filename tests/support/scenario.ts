import { test } from "@jest/globals";

type Run = () => Promise<void> | void;

/** A test that is a part of a scenario; `isSkipped`: what it takes is not there. */
export type Part = (name: string, run: Run, isSkipped?: boolean) => void;

/** As long as all parts together may take: the first that is run has those before it run. */
const LONGEST_MILLISECONDS = 600_000;

/**
 * Parts that go on where those before them stopped, on one stack that would take too long to start for each. Each is a test of its
 * own: in whichever order they are run, or alone, those that stand before it have been.
 *
 * @returns what makes a test of a part; parts are in the order in which it is called
 */
export function scenario(): Part {
  const parts: Run[] = [];
  const runs: Promise<void>[] = [];
  const begin = (index: number) => (runs[index] ??= Promise.resolve().then(parts[index]));
  return (name, run, isSkipped = false) => {
    if (isSkipped) {
      test.skip(name, run);
      return;
    }
    const index = parts.push(run) - 1;
    const upToThis = async () => {
      // What fails of those before fails as the test that it is.
      for (let before = 0; before < index; before += 1) await begin(before).catch(() => undefined);
      await begin(index);
    };
    test(name, upToThis, LONGEST_MILLISECONDS);
  };
}
