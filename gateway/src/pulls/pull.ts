import type { AuditActor } from "#audit-log/entry.js";
import { asLine } from "#registry-protocol/text.js";
import { blockOf } from "#service-kit/http/source.js";

/** Who pulled and from where. */
export type Puller = Pick<AuditActor, "uid" | "realm" | "kind" | "address" | "userAgent">;

/** A manifest of which somebody got the bytes. */
export interface Pull extends Puller {
  readonly repository: string;
  /** `null` when it was asked for by digest alone. */
  readonly tag: string | null;
  readonly digest: string;
}

/** Pulls that differ in nothing but their time and the program. */
export interface CountedPulls extends Pull {
  /** The last few, each once, the latest first. */
  readonly userAgents: readonly string[];
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Longest name and user agent that are kept, in characters; longer ones are cut. */
const MOST_CHARACTERS = 200;

/** Programs that are kept of one caller. */
export const MOST_USER_AGENTS = 5;

/**
 * @param puller - who pulled, as a request said
 * @returns the same, short enough to be kept, and each a line of text; of who did not log in the network, not the address
 */
export function boundedPuller({ uid, realm, kind, address, userAgent }: Puller): Puller {
  return {
    uid: clip(uid),
    realm: clip(realm),
    kind: clip(kind),
    address: clip(kind === "anonymous" ? blockOf(address) : address),
    userAgent: clip(userAgent),
  };
}

const clip = (text: string): string => asLine(text, MOST_CHARACTERS);
