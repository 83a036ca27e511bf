import { steadyNow } from "#service-kit/clocks/clock-reading.js";

/** Whoever is slow is passed over while there are others. */
const ONE_OF_SEVERAL_MILLISECONDS = 1_000;

/**
 * @param urls - the same thing at several token servers; one at least
 * @param ask - asks one of them
 * @returns the first answer that is one (200), else what came of the last, and when it was asked for by the steady clock
 * @throws whatever `ask` throws of the last
 */
export async function askOneOf(
  urls: readonly URL[],
  ask: (url: URL, signal: AbortSignal) => Promise<Response>,
): Promise<{ readonly asked: number; readonly answer: Response }> {
  const [url, ...others] = urls;
  if (url === undefined) throw new TypeError("no token server");
  const asked = steadyNow();
  if (others.length === 0) return { asked, answer: await ask(url, new AbortController().signal) };
  try {
    const answer = await ask(url, AbortSignal.timeout(ONE_OF_SEVERAL_MILLISECONDS));
    if (answer.status === 200) return { asked, answer };
  } catch {
    // The next one may know.
  }
  return askOneOf(others, ask);
}
