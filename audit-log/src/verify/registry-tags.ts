import { untilTold, type AskRegistry } from "./ask-registry.js";

/** Asks a registry what its tags mean. */
export interface RegistryTags {
  /**
   * @returns the tag's digest, or `null` when there is no such tag; whether it is `supposed` can be told even of one that
   *   the registry cannot read
   * @throws when that cannot be told
   */
  digestOf(repository: string, tag: string, supposed: string): Promise<string | null>;
}

/**
 * @param askRegistry - asks the registry
 * @returns what asks about tags
 */
export function registryTags(askRegistry: AskRegistry): RegistryTags {
  const ask = async (repository: string, tag: string, supposed: string) => {
    const headers = { "If-None-Match": `"${supposed}"` };
    const answer = await askRegistry(repository, `manifests/${tag}`, { headers });
    if (answer.status === 304) return supposed;
    if (answer.status === 404) return null;
    const digest = answer.headers.get("docker-content-digest");
    if (answer.status !== 200 || digest === null)
      throw new Error(`the registry answered ${answer.status}`);
    return digest;
  };
  return {
    digestOf: (repository, tag, supposed) => untilTold(() => ask(repository, tag, supposed)),
  };
}
