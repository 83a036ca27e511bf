import type { Grounds } from "#access-policy/grounds.js";
import type { Grant } from "./grant.js";

/** By what a token was granted, for the record of whatever is done with it. */
export interface GroundsClaim {
  /** Fingerprint of the policy that decided, as the audit log has it. */
  readonly policy: string;
  /** Who made the robot that it is for; absent: it is for none. */
  readonly maker?: string;
  /** Each that there is, once; absent: there was no room. */
  readonly rules?: readonly Grounds[];
  /** For each action of each access, in their order, its place in the list above. */
  readonly by?: readonly (readonly number[])[];
}

/**
 * @param grant - what is granted
 * @param known - the policy's fingerprint, and who made the robot; `null`: it is for none
 * @returns what the token says of it, each ground once, since most actions share a few
 */
export function packGrounds(
  { grounds }: Pick<Grant, "grounds">,
  { policy, maker }: { readonly policy: string; readonly maker: string | null },
): GroundsClaim {
  const known = { policy, ...(maker === null ? {} : { maker }) };
  if (grounds === null) return known;
  const places = new Map<string, number>();
  const rules: Grounds[] = [];
  const placeOf = (one: Grounds): number => {
    const key = JSON.stringify(one);
    const place = places.get(key) ?? rules.push(one) - 1;
    places.set(key, place);
    return place;
  };
  return { ...known, by: grounds.map((of) => of.map(placeOf)), rules };
}
