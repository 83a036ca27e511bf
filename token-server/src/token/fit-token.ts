import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Grant, Refusal } from "./grant.js";
import { longView } from "../views/long-views.js";
import type { LongView } from "../views/sql.js";
import { packView } from "./pack-view.js";

/** Proxies bound a header line at 8 KiB, and tokens travel in one beside others. */
export const MOST_TOKEN_CHARACTERS = 6 * 1024;

/** Stands for reasons that would make the token too long. */
const CUT = "too much was asked for at once to say why";

/** What a token says of all that its bearer may pull. */
export interface ShownView {
  /** `null`: it did not fit. */
  readonly view?: View | string | null;
  /** By which it can be asked for then; absent: it is too long for that, too. */
  readonly viewDigest?: string;
}

/** A token that clients can carry. */
export interface FittedToken {
  readonly token: string;
  /** What it names by its digest, and has to be kept; `null`: nothing. */
  readonly leftOut: LongView | null;
}

/**
 * Makes a token that clients and proxies can carry: where all refusals do not fit into it with their reasons, reasons go
 * first, then refusals, then by what it is granted, then the view; what is granted is never cut.
 *
 * @param grant - what is granted and refused
 * @param sign - signs a token that says so
 * @param view - all that may be pulled; `null` where the token does not say
 * @returns the token, and the view where that is named in it alone
 * @throws Fault REQUEST_INVALID when what is granted alone does not fit
 */
export function signFitting(
  grant: Grant,
  sign: (grant: Grant, view: ShownView) => string,
  view: View | null = null,
): FittedToken {
  const shown = view === null ? {} : { view: packView(view) };
  const untold = { ...grant, grounds: null };
  const whole = sign(grant, shown);
  if (whole.length <= MOST_TOKEN_CHARACTERS) return { token: whole, leftOut: null };
  const bare = cut(grant, (some) => sign(some, shown)) ?? cut(untold, (some) => sign(some, shown));
  if (bare !== null) return { token: bare, leftOut: null };
  const leftOut = typeof shown.view === "string" ? longView(shown.view) : null;
  const named = { view: null, ...(leftOut === null ? {} : { viewDigest: leftOut.digest }) };
  const unseen = view === null ? null : cut(untold, (some) => sign(some, named));
  if (unseen === null) throw tooLong();
  return { token: unseen, leftOut };
}

function tooLong(): Fault {
  return new Fault("REQUEST_INVALID", {
    message: `a token for all of that would be longer than ${MOST_TOKEN_CHARACTERS} characters: ask for fewer scopes at once`,
  });
}

/** `null`: what is granted alone does not fit. */
function cut(grant: Grant, sign: (grant: Grant) => string): string | null {
  const bare = sign({ ...grant, refused: [] });
  if (bare.length > MOST_TOKEN_CHARACTERS) return null;
  // Base64 takes four characters for three bytes.
  const room = Math.floor(((MOST_TOKEN_CHARACTERS - bare.length) * 3) / 4) - 3;
  return sign({ ...grant, refused: withinBytes(grant.refused, room) });
}

function withinBytes(refused: readonly Refusal[], room: number): Refusal[] {
  const kept: Refusal[] = [];
  let left = room;
  for (const refusal of refused) {
    const short = { ...refusal, reason: CUT };
    const size = bytesOf(short);
    if (size > left) break;
    left -= size;
    kept.push(short);
  }
  return kept.map((short, index) => {
    const whole = refused[index] ?? short;
    const more = bytesOf(whole) - bytesOf(short);
    if (more > left) return short;
    left -= more;
    return whole;
  });
}

function bytesOf(refusal: Refusal): number {
  return Buffer.byteLength(JSON.stringify(refusal)) + 1;
}
