import type { AuditActor } from "#audit-log/entry.js";

/** Who pulled and from where. */
export type Puller = Pick<AuditActor, "uid" | "realm" | "kind" | "address" | "userAgent">;

/** A manifest of which somebody got the bytes. */
export interface Pull extends Puller {
  readonly repository: string;
  /** `null` when it was asked for by digest alone. */
  readonly tag: string | null;
  readonly digest: string;
}

/** Pulls that differ in nothing but their time. */
export interface CountedPulls extends Pull {
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Longest name and user agent that are kept, in characters; longer ones are cut. */
const MOST_CHARACTERS = 200;

/**
 * @param puller - who pulled, as a request said
 * @returns the same, short enough to be kept, and without what a database cannot store
 */
export function boundedPuller({ uid, realm, kind, address, userAgent }: Puller): Puller {
  return {
    uid: clip(uid),
    realm: clip(realm),
    kind: clip(kind),
    address: clip(address),
    userAgent: clip(userAgent),
  };
}

function clip(text: string): string {
  if (text.length <= MOST_CHARACTERS && !/[\0\ud800-\udfff]/.test(text)) return text;
  const cut = text.replaceAll("\0", "").slice(0, MOST_CHARACTERS);
  // Half of a pair of surrogates is no text, and JSON in the database refuses it.
  return Buffer.from(cut).toString();
}
