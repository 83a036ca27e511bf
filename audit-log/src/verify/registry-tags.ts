import { setTimeout as pause } from "node:timers/promises";
import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";

/** Asks a registry what its tags mean. */
export interface RegistryTags {
  /**
   * @returns the tag's digest, or `null` when there is no such tag; whether it is `supposed` can be told even of one that
   *   the registry cannot read
   * @throws when that cannot be told
   */
  digestOf(repository: string, tag: string, supposed: string): Promise<string | null>;
}

const ANSWER_MILLISECONDS = 15_000;
const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 500;

/**
 * @param url - the stock registry
 * @param authorization - makes the `Authorization` header for pulls from a repository
 * @returns a client for it
 */
export function registryTags(
  url: string,
  authorization: (repository: string) => string,
): RegistryTags {
  const ask = async (repository: string, tag: string, supposed: string) => {
    const answer = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
      method: "HEAD",
      headers: {
        Authorization: authorization(repository),
        Accept: ANY_MANIFEST,
        "If-None-Match": `"${supposed}"`,
      },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    });
    if (answer.status === 304) return supposed;
    if (answer.status === 404) return null;
    const digest = answer.headers.get("docker-content-digest");
    if (answer.status !== 200 || digest === null)
      throw new Error(`the registry answered ${answer.status}`);
    return digest;
  };
  return {
    digestOf: async (repository, tag, supposed) => {
      for (let attempt = 1; ; attempt += 1)
        try {
          return await ask(repository, tag, supposed);
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
          await pause(PAUSE_MILLISECONDS * attempt);
        }
    },
  };
}
