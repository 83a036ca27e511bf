import type { Subscriber } from "#service-kit/db/subscribe.js";
import { parseNotice, type SettledNotice } from "./settled-notice.js";
import { SETTLED_CHANNEL } from "./sql/settle-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** Told of a settled tag. */
export type SettledListener = (key: TagKey, notice: SettledNotice) => void;

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
export function settledTags(subscriber: Pick<Subscriber, "on">): SettledTags {
  const waiting = new Map<string, Set<() => void>>();
  const followers: SettledListener[] = [];
  subscriber.on(SETTLED_CHANNEL, (told) => {
    const { name, settled } = parseNotice(told);
    for (const wake of waiting.get(name) ?? []) wake();
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
