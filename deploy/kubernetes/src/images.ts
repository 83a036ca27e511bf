import type { Settings } from "./settings.ts";

/** The targets of deploy/Dockerfile that run here. */
export type Target = "gateway" | "token-server" | "setup" | "database";

/**
 * @param target - which part
 * @param settings - which images were pushed
 * @returns its image
 */
export function imageOf(target: Target, { images }: Settings): string {
  return `${images.prefix}/${target}:${images.tag}`;
}
