import { setTimeout as pause } from "node:timers/promises";
import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";

/** Asks the registry about something below a repository. @throws when there is no answer in time */
export type AskRegistry = (
  repository: string,
  path: string,
  request?: {
    readonly method?: "GET" | "HEAD";
    readonly headers?: Readonly<Record<string, string>>;
  },
) => Promise<Response>;

const ANSWER_MILLISECONDS = 15_000;
const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 500;

/**
 * @param url - the stock registry
 * @param authorization - makes the `Authorization` header for pulls from a repository
 * @returns what asks it
 */
export function registryAsker(
  url: string,
  authorization: (repository: string) => string,
): AskRegistry {
  return (repository, path, { method = "HEAD", headers = {} } = {}) =>
    fetch(`${url}/v2/${repository}/${path}`, {
      method,
      headers: { Authorization: authorization(repository), Accept: ANY_MANIFEST, ...headers },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    });
}

/**
 * @param ask - asks something, and throws when that is not told
 * @returns what it told, of three times the first
 * @throws what it threw last
 */
export async function untilTold<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await ask();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await pause(PAUSE_MILLISECONDS * attempt);
    }
}
