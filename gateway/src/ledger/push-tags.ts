import { Fault } from "#registry-protocol/faults.js";
import { pushTag, type ManifestTransport, type PushDeps, type TagPush } from "./push-tag.js";
import type { RegistryVerdict } from "./settle.js";

/** One of several tags on its way to the registry. */
export interface TagOnItsWay<V extends RegistryVerdict> {
  readonly push: TagPush;
  readonly transport: ManifestTransport<V>;
}

/** Why one of them may not be written, or could not be; the others are given back then. */
interface Refused {
  readonly status: 409;
  readonly refusal: unknown;
}

/**
 * Pushes a manifest under several tags, each by its own rule and reservation and with its own entry on record. All are reserved
 * before the registry is told of any, in the order of their names, so that two such pushes do not wait for each other in a circle:
 * where one of them may not be written, none is. What is lost after that is settled for each as for any push, and the same push
 * made again completes it.
 *
 * @param deps - as for one tag
 * @param tags - the tags, in the order of their names, each once
 * @param before - done when all are reserved, before the registry is told of any
 * @returns the registry's last verdict; of the 4xx family when it would not have the manifest; `null` when all were there
 * @throws Fault as {@link pushTag}, of the first tag that is refused
 */
export async function pushTags<V extends RegistryVerdict>(
  deps: PushDeps,
  tags: readonly TagOnItsWay<V>[],
  before: () => Promise<V | null>,
): Promise<V | null> {
  const [first, ...others] = tags;
  if (first === undefined) return before();
  const { push, transport } = first;
  const done: { verdict: V | null; isAsked: boolean } = { verdict: null, isAsked: false };
  const askOthers = async (): Promise<V | Refused | null> => {
    done.isAsked = true;
    return pushTags(deps, others, before).catch((refusal: unknown) => ({ status: 409, refusal }));
  };
  const { verdict } = await pushTag<V | Refused>(deps, push, {
    ...transport,
    send: async () => {
      const outcome = await askOthers();
      if (outcome !== null && outcome.status >= 300) return outcome;
      return (done.verdict = await transport.send());
    },
  });
  if (verdict !== null && "refusal" in verdict) throw verdict.refusal;
  // A tag that means it already is not sent; the others may have to be.
  if (!done.isAsked) return pushTags(deps, others, before);
  return verdict ?? done.verdict;
}

/**
 * @param count - tags of one push
 * @throws Fault TAGS_TOO_MANY when they are more than one push may write
 */
export function refuseTooManyTags(count: number): void {
  if (count > MOST_TAGS)
    throw new Fault("TAGS_TOO_MANY", { detail: { tags: count, most: MOST_TAGS } });
}

/** All are reserved at once, and others wait for them. */
const MOST_TAGS = 32;
