import { fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { join } from "node:path";
import { DIST } from "#local/repository-root.js";
import type { Hammering } from "./hammer.js";

/** Attackers at work in a process of their own, which yields to what is attacked, as another machine would. */
export interface Attackers {
  /** @returns how often a connection was answered or closed, when they have ended */
  stop(): Promise<number>;
}

const LEAST_PRIORITY = 19;

/**
 * @param count - connections at once
 * @param hammering - what they do
 * @returns them, at work
 */
export async function startAttackers(count: number, hammering: Hammering): Promise<Attackers> {
  const program = join(DIST, "tests", "attacks", "support", "attackers-main.js");
  const child = fork(program, { serialization: "advanced" });
  if (child.pid !== undefined) setPriority(child.pid, LEAST_PRIORITY);
  child.send({ count, hammering });
  await once(child, "message");
  return {
    stop: async () => {
      const ended = once(child, "message") as Promise<[number]>;
      child.send("stop");
      const [count] = await ended;
      child.kill("SIGKILL");
      return count;
    },
  };
}
