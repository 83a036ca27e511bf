import type { UploadOwner } from "./sql.js";

/** Whether a request to an upload session may go on, and why. */
export type UploadDecision =
  | { readonly allow: true; readonly reason: "own-session" | "session-unknown" }
  | { readonly allow: false; readonly reason: "other-subject" | "too-old" | "session-unknown" };

/**
 * An upload belongs to whoever started it. While it is not too old it goes on with a token that has expired
 * since, so that no layer is lost to a slow line.
 *
 * @param started - who started it and how long ago; `null` when that is not known
 * @param asking - who asks, for which repository
 * @param options - whether the token has expired, and after how many seconds every upload ends
 * @returns the decision; an unknown session needs a token that is still good
 */
export function decideUpload(
  started: (UploadOwner & { readonly ageSeconds: number }) | null,
  asking: UploadOwner,
  options: { readonly tokenExpired: boolean; readonly capSeconds: number },
): UploadDecision {
  if (started === null) return { allow: !options.tokenExpired, reason: "session-unknown" };
  const same =
    started.repository === asking.repository &&
    (started.kind === null || started.kind === asking.kind) &&
    started.realm === asking.realm &&
    started.subject === asking.subject;
  if (!same) return { allow: false, reason: "other-subject" };
  if (started.ageSeconds > options.capSeconds) return { allow: false, reason: "too-old" };
  return { allow: true, reason: "own-session" };
}
