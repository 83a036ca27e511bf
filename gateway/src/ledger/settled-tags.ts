import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Subscriber } from "#service-kit/db/subscribe.js";
import { SETTLED_CHANNEL } from "./sql/settle-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** Wakes pushes that wait for another push of their tag. */
export interface SettledTags {
  /** Waits until a push of the tag has been settled by any gateway, or this many milliseconds. */
  until(key: TagKey, milliseconds: number): Promise<void>;
  /** Has somebody told of every tag that is settled. */
  follow(listener: (key: TagKey) => void): void;
}

/**
 * @param subscriber - connection on which Postgres tells of settled tags
 * @returns the waiting room
 */
export function settledTags(subscriber: Subscriber): SettledTags {
  const waiting = new Map<string, Set<() => void>>();
  const followers: ((key: TagKey) => void)[] = [];
  subscriber.on(SETTLED_CHANNEL, (name) => {
    for (const wake of waiting.get(name) ?? []) wake();
    const key = keyOf(name);
    if (key !== null) for (const follower of followers) follower(key);
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
function keyOf(name: string): TagKey | null {
  const colon = name.indexOf(":");
  try {
    const repository = parseRepositoryName(name.slice(0, colon));
    return { repository, tag: parseTag(name.slice(colon + 1)) };
  } catch {
    return null;
  }
}
