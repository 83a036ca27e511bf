/** One of two servers that are asked the same. */
export interface Side {
  readonly name: string;
  readonly url: string;
  readonly authorization: string;
}

const ROUNDS = 4;
const ROUND_MILLISECONDS = 750;
const AT_ONCE = 16;

/**
 * Asks both sides the same in turns, so that both see the machine in the same moods, and prints how many
 * requests a second each answered.
 *
 * @param what - what is asked, for the printed line
 * @param sides - who is asked; the ratio is that of the first to the second
 * @param ask - asks once
 */
export async function measureSideBySide(
  what: string,
  sides: readonly [Side, Side],
  ask: (side: Side) => Promise<void>,
): Promise<void> {
  const totals = new Map(sides.map((side) => [side, { answers: 0, seconds: 0 }]));
  for (const side of sides) await round(() => ask(side), ROUND_MILLISECONDS * 2);
  for (let i = 0; i < ROUNDS; i += 1)
    for (const [side, total] of totals) {
      const { answers, seconds } = await round(() => ask(side), ROUND_MILLISECONDS);
      total.answers += answers;
      total.seconds += seconds;
    }
  const rates = [...totals].map(([side, { answers, seconds }]) => ({
    name: side.name,
    rate: answers / seconds,
  }));
  const [first = 0, second = 0] = rates.map(({ rate }) => rate);
  const shown = rates.map(({ name, rate }) => `${name} ${Math.round(rate)}/s`).join(", ");
  console.log(`${what}: ${shown}, ratio ${(first / second).toFixed(2)}`);
}

async function round(
  ask: () => Promise<void>,
  milliseconds: number,
): Promise<{ answers: number; seconds: number }> {
  const start = performance.now();
  let answers = 0;
  const worker = async () => {
    while (performance.now() - start < milliseconds) {
      await ask();
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { answers, seconds: (performance.now() - start) / 1000 };
}
