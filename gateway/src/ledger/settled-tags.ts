import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import { SETTLED_CHANNEL } from "./sql/settle-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** Told of a settled tag, and what it means since then; `null` where that was not said. */
export type SettledListener = (key: TagKey, digest: Digest | null) => void;

/** Wakes pushes that wait for another push of their tag. */
export interface SettledTags {
  /** Waits until a push of the tag has been settled by any gateway, or this many milliseconds. */
  until(key: TagKey, milliseconds: number): Promise<void>;
  /** Has somebody told of every tag that is settled. */
  follow(listener: SettledListener): void;
}

/**
 * @param subscriber - connection on which Postgres tells of settled tags
 * @returns the waiting room
 */
export function settledTags(subscriber: Subscriber): SettledTags {
  const waiting = new Map<string, Set<() => void>>();
  const followers: SettledListener[] = [];
  subscriber.on(SETTLED_CHANNEL, (told) => {
    const [name = "", digest] = told.split("@");
    for (const wake of waiting.get(name) ?? []) wake();
    const settled = readSettled(name, digest);
    if (settled !== null) for (const follower of followers) follower(...settled);
  });
  return {
    follow: (listener) => {
      followers.push(listener);
    },
    until: ({ repository, tag }, milliseconds) =>
      new Promise((resolve) => {
        const name = `${repository}:${tag}`;
        const sleepers = waiting.get(name) ?? new Set();
        waiting.set(name, sleepers);
        const wake = () => {
          clearTimeout(timer);
          sleepers.delete(wake);
          if (sleepers.size === 0 && waiting.get(name) === sleepers) waiting.delete(name);
          resolve();
        };
        const timer = setTimeout(wake, milliseconds);
        sleepers.add(wake);
      }),
  };
}

/** Of what `tellSettled` told; whatever else somebody sends on the channel is nothing. */
function readSettled(name: string, digest: string | undefined): Parameters<SettledListener> | null {
  const colon = name.indexOf(":");
  try {
    const repository = parseRepositoryName(name.slice(0, colon));
    const key = { repository, tag: parseTag(name.slice(colon + 1)) };
    return [key, digest === undefined ? null : parseDigest(digest)];
  } catch {
    return null;
  }
}
