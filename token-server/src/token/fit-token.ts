import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Grant, Refusal } from "./grant.js";
import { packView } from "./pack-view.js";

/** Proxies bound a header line at 8 KiB, and tokens travel in one beside others. */
export const MOST_TOKEN_CHARACTERS = 6 * 1024;

/** Stands for reasons that would make the token too long. */
const CUT = "too much was asked for at once to say why";

/** What a token says of all that its bearer may pull; `null`: that it did not fit. */
export interface ShownView {
  readonly view?: View | string | null;
}

/**
 * Makes a token that clients and proxies can carry: where all refusals do not fit into it with their reasons, reasons go
 * first, then refusals, then the view; what is granted is never cut.
 *
 * @param grant - what is granted and refused
 * @param sign - signs a token that says so
 * @param view - all that may be pulled; `null` where the token does not say
 * @returns the token
 * @throws Fault REQUEST_INVALID when what is granted alone does not fit
 */
export function signFitting(
  grant: Grant,
  sign: (grant: Grant, view: ShownView) => string,
  view: View | null = null,
): string {
  const shown = view === null ? {} : { view: packView(view) };
  const whole = sign(grant, shown);
  if (whole.length <= MOST_TOKEN_CHARACTERS) return whole;
  const bare = sign({ ...grant, refused: [] }, shown);
  if (bare.length <= MOST_TOKEN_CHARACTERS) return cut(grant, bare, (some) => sign(some, shown));
  if (view === null) throw tooLong();
  const untold = sign({ ...grant, refused: [] }, { view: null });
  if (untold.length > MOST_TOKEN_CHARACTERS) throw tooLong();
  return cut(grant, untold, (some) => sign(some, { view: null }));
}

function tooLong(): Fault {
  return new Fault("REQUEST_INVALID", {
    message: `a token for all of that would be longer than ${MOST_TOKEN_CHARACTERS} characters: ask for fewer scopes at once`,
  });
}

function cut(grant: Grant, bare: string, sign: (grant: Grant) => string): string {
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
